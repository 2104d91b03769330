// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Selftests;

/// <summary>A host for one test, whose end looks for leaks.</summary>
internal sealed class SelftestHost
{
    public const int PageBytes = 4096;
    public const int Huge = 2 << 20;

    private readonly List<AddressSpace> _spaces = [];
    private readonly List<IDisposable> _last = [];

    private SelftestHost(PhysicalMemory memory) => Memory = memory;

    public PhysicalMemory Memory { get; }

    public static void Run(Action<SelftestHost> test, PhysicalMemoryOptions? options = null)
    {
        // Disposed of only after a test that went well: a failure is to be seen as what it is.
        PhysicalMemory memory = PhysicalMemory.Create(32 << 20, options);
        long free = memory.FreePages;
        SelftestHost host = new(memory);
        test(host);
        host._spaces.ForEach(static space => space.Dispose());
        host._last.ForEach(static each => each.Dispose());
        Assert.Equal((0L, 0L, 0L), (memory.Pins, memory.PageTables, memory.UsedSwapSlots));

        // The huge page of zeros stays once it is made.
        Assert.Contains(free - memory.PoisonedPages - memory.FreePages, (IEnumerable<long>)[0, 512]);
        memory.Dispose();
    }

    public AddressSpace Process() => Adopt(new(Memory, "process"));

    public AddressSpace Fork(AddressSpace parent)
    {
        Assert.Equal(Errno.None, parent.TryFork("child", out AddressSpace? child));
        return Adopt(child!);
    }

    public T Last<T>(T disposable)
        where T : IDisposable
    {
        _last.Add(disposable);
        return disposable;
    }

    public static byte[] Fill(int pages, byte value)
    {
        byte[] bytes = new byte[pages * PageBytes];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    /// <summary>Bytes that tell pages apart.</summary>
    public static byte[] Numbers(int pages, byte first = 1)
    {
        byte[] bytes = new byte[pages * PageBytes];
        for (int page = 0; page < pages; page++)
        {
            bytes.AsSpan(page * PageBytes, PageBytes).Fill((byte)(first + page));
        }

        return bytes;
    }

    private AddressSpace Adopt(AddressSpace space)
    {
        _spaces.Add(space);
        return space;
    }
}
