// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Svm;
using Physr.Mm;
using Physr.Storage;
using Physr.Storage.Files;
using Physr.Storage.Mapping;
using Physr.Storage.Raid;

namespace Physr.Machine.Storage;

/// <summary>Two processes that map a file of a store on cards of persistent memory.</summary>
internal sealed class Processes : IDisposable
{
    private const ulong RamBytes = 16UL << 20;

    private readonly ProcessRam _ram;
    private readonly List<PhysicalRange> _attached = [];
    private ulong _length;
    private bool _isClosed;

    public Processes(SimulatedMachine machine, FileStore store, RaidArray array, IEnumerable<DaxBlockDevice> cards)
    {
        _ram = new(machine, RamBytes);
        List<DescriptorBacking> backings = [];
        foreach (MediaDaxDevice card in cards.Select(static card => (MediaDaxDevice)card.Dax))
        {
            _ram.Memory.AttachBytes(card.Range, new MediaBytes(card.Medium, card.Range.Start));
            _attached.Add(card.Range);
            backings.Add(new(machine.Map, card.Name, card.Range));
        }

        Mount = new(store, array.Dax!, _ram.Memory, backings);
        One = new(_ram.Memory, "one");
        Other = new(_ram.Memory, "other");
    }

    public FileMount Mount { get; }

    public AddressSpace One { get; }

    public AddressSpace Other { get; }

    public VirtualAddress Here { get; private set; }

    public VirtualAddress There { get; private set; }

    public void MapOne(MountedFile file, Protection protection)
    {
        _length = file.File.Length;
        Here = Map(One, file, protection, isShared: true);
    }

    public void MapOther(MountedFile file) => There = Map(Other, file, Protection.Read, isShared: true);

    /// <summary>Whether a futex in the one mapping would not be the same one in the other (row R82).</summary>
    public bool DiffersInIdentity() =>
        One.TryIdentify(Here.Add(8), out MemoryIdentity one) != Errno.None || Other.TryIdentify(There.Add(8), out MemoryIdentity other) != Errno.None || one != other;

    /// <summary>Whether a store to a private mapping is seen by who maps the file itself.</summary>
    public bool CopyReachesFile(byte first)
    {
        Must(Mount.TryOpen(Mount.Store.List()[0], out MountedFile? file), "open file");
        VirtualAddress copy = Map(Other, file!, Protection.ReadWrite, isShared: false);
        bool isStored = Other.Store(copy, (byte)~first) == AccessOutcome.Done && Other.Load(copy, out byte mine) == AccessOutcome.Done && mine == (byte)~first;
        bool isKept = One.Load(Here, out byte there) == AccessOutcome.Done && there == first;
        Must(Other.TryUnmap(copy, _length), "unmap");
        return !isStored || !isKept;
    }

    public void Unmap()
    {
        Must(One.TryUnmap(Here, _length), "unmap");
        Must(Other.TryUnmap(There, _length), "unmap");
    }

    /// <summary>Ends the processes; names what is left of them.</summary>
    public IEnumerable<string> Close()
    {
        One.Dispose();
        Other.Dispose();
        Mount.Dispose();
        _isClosed = true;
        return _ram.Close();
    }

    public void Dispose()
    {
        if (!_isClosed)
        {
            One.Dispose();
            Other.Dispose();
        }

        _ram.Dispose();
    }

    private static VirtualAddress Map(AddressSpace space, MountedFile file, Protection protection, bool isShared)
    {
        Must(space.TryMap(new(file.File.Length, protection) { File = file.Mapped, IsShared = isShared }, out VirtualAddress at), "map file");
        return at;
    }

    private static void Must(Errno errno, string operation)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException(operation, "process", errno, "it should have been possible");
        }
    }
}
