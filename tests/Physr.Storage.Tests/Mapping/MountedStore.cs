// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Physr.Storage.Files;
using Physr.Storage.Mapping;

namespace Physr.Storage.Tests.Mapping;

/// <summary>A file store on page-less persistent memory, with process memory above it.</summary>
internal sealed class MountedStore : IDisposable
{
    public static readonly PhysicalRange Range = new(new(8UL << 30), 32UL << 20);

    public MountedStore()
    {
        Memory = PhysicalMemory.Create(32UL << 20);
        Medium = new("pmem0", Range.Length);
        Memory.AttachBytes(Range, new MediaBytes(Medium, Range.Start));
        Backing = new(Memory.Map, "pmem0", Range);
        MediaDaxDevice device = new(Medium, Range.Start);
        Assert.Equal(Errno.None, FileStore.TryFormat(device, out string reason));
        Assert.Equal(Errno.None, FileStore.TryMount(device, out FileStore? store, out reason));
        Store = store!;
        Mount = new(store!, device, Memory, [Backing]);
    }

    public PhysicalMemory Memory { get; }

    public MemoryMedia Medium { get; }

    public DescriptorBacking Backing { get; }

    public FileStore Store { get; }

    public FileMount Mount { get; }

    public long Descriptors => Memory.Map.DescriptorCount;

    public MountedFile Create(string name, byte[] content)
    {
        Assert.Equal(Errno.None, Store.TryCreate(name, out StoreFile? made));
        Assert.Equal(Errno.None, made!.TryAllocate(0, (ulong)content.Length));
        Assert.Equal(Errno.None, made.TryWrite(0, content));
        Assert.Equal(Errno.None, Mount.TryOpen(name, out MountedFile? file));
        return file!;
    }

    public static VirtualAddress Map(AddressSpace space, MountedFile file, bool isShared = true, Protection protection = Protection.ReadWrite)
    {
        Assert.Equal(Errno.None, space.TryMap(new(file.File.Length, protection) { File = file.Mapped, IsShared = isShared }, out VirtualAddress at));
        return at;
    }

    public static byte[] Read(AddressSpace space, VirtualAddress at, int length)
    {
        byte[] bytes = new byte[length];
        Assert.True(space.Read(at, bytes).IsDone);
        return bytes;
    }

    public void Dispose()
    {
        Mount.Dispose();
        Assert.Equal(0, Descriptors);
        Assert.Empty(Store.Check());
        Memory.Dispose();
        Medium.Dispose();
    }
}
