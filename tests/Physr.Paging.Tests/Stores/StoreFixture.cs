// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>A store of a kind, as an application makes it and a pager opens it, as often as one does.</summary>
internal sealed class StoreFixture : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public StoreFixture(string kind, int pages)
    {
        ulong length = (ulong)pages * PageBuffer.Page;
        RegionStore? store;
        string reason;
        Errno errno = kind switch
        {
            "memory" => RegionStore.TryMemory(length, out store, out reason),
            "file" => RegionStore.TryFile(Path, length, create: true, allowBuffered: false, out store, out reason),
            "lz4" => RegionStore.TryLz4(length, out store, out reason),
            "zstd" => RegionStore.TryZstd(length, 1, out store, out reason),
            _ => RegionStore.TryUser(typeof(SampleStore).Assembly.Location, typeof(SampleStore).FullName!, _folder.File("user"), length, TimeSpan.FromSeconds(20), out store, out reason),
        };
        bool isMissing = errno == Errno.ENOENT && kind is ("lz4" or "zstd");
        Assert.False(isMissing && Environment.GetEnvironmentVariable("CI") == "true", reason);
        Skip.If(isMissing, reason);
        Assert.Equal("", reason);
        Region = store!;
        Length = length;
    }

    public string Path => _folder.File("store");

    public ulong Length { get; }

    public RegionStore Region { get; }

    public static TheoryData<string> Kinds => new("memory", "file", "lz4", "zstd", "user");

    public PageStore Open() => Open(Region, Length);

    public static PageStore Open(RegionStore region, ulong length)
    {
        byte[] bytes = new byte[StoreSpec.MostBytes];
        Assert.True(StoreSpec.TryParse(bytes.AsSpan(0, region.Spec.Write(bytes)), out StoreSpec? spec, out string reason), reason);
        _ = PageStore.TryOpen(spec!, region.Duplicates(), length, out PageStore? store, out reason);
        Assert.Equal("", reason);
        return store!;
    }

    public void Dispose()
    {
        Region.Dispose();
        _folder.Dispose();
    }
}
