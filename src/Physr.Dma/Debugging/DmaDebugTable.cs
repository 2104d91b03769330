// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Debugging;

/// <summary>All live mappings. Entries come out of a pool that is filled at the start and grows by chunks; index 0 is nobody.</summary>
/// <remarks>The hash over address bits 13 and up, with as many buckets as the kernel's, finds what was mapped at an address; the trees, one for each device, find what lies over a
/// range. Not thread-safe: the debugger locks.</remarks>
internal sealed partial class DmaDebugTable
{
    private const int Buckets = 16384;
    private const int HashShift = 13;
    private const int ChunkShift = 10;
    private const int ChunkEntries = 1 << ChunkShift;

    private readonly int[] _byAddress = new int[Buckets];
    private readonly int[] _byMemory = new int[Buckets];
    private readonly List<DmaDebugEntry[]> _chunks = [];
    private readonly IAllocationGate? _gate;
    private readonly int _most;
    private int _free;

    public DmaDebugTable(int initialEntries, int maxEntries, IAllocationGate? gate)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(initialEntries);
        ArgumentOutOfRangeException.ThrowIfNegative(maxEntries);
        _gate = gate;
        _most = maxEntries == 0 ? int.MaxValue : maxEntries;
        int wanted = Math.Min(initialEntries, _most);
        while (Entries < wanted && TryGrow(wanted - Entries))
        {
        }

        LeastFree = Free;
    }

    /// <summary>Entries there are.</summary>
    public int Entries { get; private set; }

    /// <summary>Entries not in use.</summary>
    public int Free { get; private set; }

    /// <summary>The fewest that were ever free.</summary>
    public int LeastFree { get; private set; }

    /// <summary>Entries in use.</summary>
    public int Live => Entries - Free;

    public ref DmaDebugEntry this[int index] => ref _chunks[index >> ChunkShift][index & (ChunkEntries - 1)];

    /// <summary>Takes an entry out of the pool, to be filled and added; false where it is exhausted and may not grow.</summary>
    public bool TryTake(out int index)
    {
        index = _free;
        if (index == 0 && !TryGrow(ChunkEntries))
        {
            return false;
        }

        index = _free;
        _free = this[index].HashNext;
        Free--;
        LeastFree = Math.Min(LeastFree, Free);
        return true;
    }

    /// <summary>Makes a filled entry findable.</summary>
    public void Add(int index)
    {
        ref DmaDebugEntry entry = ref this[index];
        ref int bucket = ref _byAddress[Hash(entry.Start)];
        entry.HashNext = bucket;
        bucket = index;
        if (entry.Is(DmaDebugEntryFlags.ListHead))
        {
            bucket = ref _byMemory[Hash(entry.Memory)];
            entry.MemoryNext = bucket;
            bucket = index;
        }

        entry.Device.Root = Insert(entry.Device.Root, index);
    }

    /// <summary>Takes an entry out of everything and gives it back to the pool.</summary>
    public void Remove(int index)
    {
        ref DmaDebugEntry entry = ref this[index];
        ref int at = ref _byAddress[Hash(entry.Start)];
        while (at != index)
        {
            at = ref this[at].HashNext;
        }

        at = entry.HashNext;
        if (entry.Is(DmaDebugEntryFlags.ListHead))
        {
            at = ref _byMemory[Hash(entry.Memory)];
            while (at != index)
            {
                at = ref this[at].MemoryNext;
            }

            at = entry.MemoryNext;
        }

        entry.Device.Root = Delete(entry.Device.Root, index);
        entry = default;
        entry.HashNext = _free;
        _free = index;
        Free++;
    }

    /// <summary>The first entry of the chain that an address falls into; see <see cref="NextAt"/>.</summary>
    public int FirstAt(ulong address) => _byAddress[Hash(address)];

    /// <summary>The entry after another in its chain; 0 at the end.</summary>
    public int NextAt(int index) => this[index].HashNext;

    /// <summary>The first list head of the chain that a physical address falls into; see <see cref="NextOf"/>.</summary>
    public int FirstOf(ulong memory) => _byMemory[Hash(memory)];

    /// <summary>The list head after another in its chain; 0 at the end.</summary>
    public int NextOf(int index) => this[index].MemoryNext;

    private static int Hash(ulong address) => (int)(address >> HashShift) & (Buckets - 1);

    private bool TryGrow(int wanted)
    {
        int count = Math.Min(Math.Min(wanted, ChunkEntries), _most - Entries);
        if (count <= 0 || _gate?.TryPass("dma-debug entries") == false)
        {
            return false;
        }

        int first = _chunks.Count << ChunkShift;
        _chunks.Add(new DmaDebugEntry[ChunkEntries]);
        int used = 0;
        for (int i = first == 0 ? 1 : first; used < count && i < first + ChunkEntries; i++, used++)
        {
            this[i].HashNext = _free;
            _free = i;
        }

        Entries += used;
        Free += used;
        return used > 0;
    }
}
