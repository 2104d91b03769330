// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Compression;

namespace Physr.Linux.Tests.Compression;

/// <summary>The system's compressors give back what they were given, and never touch what is around it, whatever they are given.</summary>
public sealed class PageCompressorTests
{
    private const int Page = 4096;
    private const int Seed = 4_711;

    public static TheoryData<string, int> Compressors => new() { { "lz4", 1 }, { "lz4", 8 }, { "zstd", 1 }, { "zstd", 3 }, { "zstd", -5 } };

    [SkippableTheory]
    [MemberData(nameof(Compressors))]
    public void WhatWasCompressedComesBack(string name, int level)
    {
        using IPageCompressor compressor = Create(name, level);
        Random random = new(Seed);
        byte[] page = new byte[Page], blob = new byte[compressor.Bound(Page)], back = new byte[Page];
        Assert.InRange(blob.Length, Page, 2 * Page);
        for (int round = 0; round < 300; round++)
        {
            Fill(page, random, round % 10);
            Assert.True(compressor.TryCompress(page, blob, out int length));
            Assert.InRange(length, 1, blob.Length);
            Assert.True(compressor.TryDecompress(blob.AsSpan(0, length), back), $"seed {Seed}, round {round}");
            Assert.Equal(page, back);
            Assert.False(compressor.TryDecompress(blob.AsSpan(0, length), back.AsSpan(0, Page - 1)));
            Assert.False(compressor.TryDecompress(blob.AsSpan(0, length - 1), back));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Compressors))]
    public void WhatDoesNotFitIsSaid(string name, int level)
    {
        using IPageCompressor compressor = Create(name, level);
        byte[] page = new byte[Page];
        new Random(Seed).NextBytes(page);
        Assert.False(compressor.TryCompress(page, new byte[Page - 64], out int length));
        Assert.Equal(0, length);
        Assert.False(compressor.TryDecompress([], page));
        if (compressor is ZstdCompressor zstd)
        {
            Assert.NotEqual("", zstd.LastError);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Compressors))]
    public void AnyBytesAreRefusedOrDecompressed_AndNothingAroundIsTouched(string name, int level)
    {
        using IPageCompressor compressor = Create(name, level);
        Random random = new(Seed);
        byte[] page = new byte[Page], blob = new byte[compressor.Bound(Page)], around = new byte[3 * Page];
        for (int round = 0; round < 2_000; round++)
        {
            Fill(page, random, round % 10);
            Assert.True(compressor.TryCompress(page, blob, out int length));
            for (int changes = random.Next(1, 8); changes > 0; changes--)
            {
                blob[random.Next(length)] = (byte)random.Next(256);
            }

            around.AsSpan().Fill(0xa5);
            _ = compressor.TryDecompress(blob.AsSpan(0, random.Next(1, length + 1)), around.AsSpan(Page, Page));
            Assert.False(around.AsSpan(0, Page).ContainsAnyExcept((byte)0xa5), $"seed {Seed}, round {round}");
            Assert.False(around.AsSpan(2 * Page).ContainsAnyExcept((byte)0xa5), $"seed {Seed}, round {round}");
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Compressors))]
    public void CallsAllocateNothing(string name, int level)
    {
        using IPageCompressor compressor = Create(name, level);
        byte[] text = new byte[Page], noise = new byte[Page], blob = new byte[compressor.Bound(Page)];
        Fill(text, new(Seed), 5);
        new Random(Seed).NextBytes(noise);
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            _ = compressor.TryCompress(noise, blob.AsSpan(0, Page / 2), out _);
            _ = compressor.TryCompress(text, blob, out int length);
            _ = compressor.TryDecompress(blob.AsSpan(0, length), noise);
        }));
    }

    [SkippableFact]
    public void SettingsThatThereAreNotAreRefused()
    {
        Create("lz4", 1).Dispose();
        Create("zstd", 1).Dispose();
        Assert.Equal(Errno.EINVAL, Lz4Compressor.TryCreate(0, out Lz4Compressor? lz4, out string reason));
        Assert.Null(lz4);
        Assert.Contains("1 to 65537", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, ZstdCompressor.TryCreate(1000, out ZstdCompressor? zstd, out reason));
        Assert.Null(zstd);
        Assert.Contains("no level 1000", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, ZstdCompressor.TryCreate(0, out _, out _));
    }

    [Fact]
    public void ALibraryThatIsNotThereOrTooOldNamesItsPackage()
    {
        Assert.Equal(Errno.ENOENT, NativeLibraryProbe.TryCall("libnone.so.1", "libnone1", static () => throw new DllNotFoundException(), 1, out string reason));
        Assert.Contains("libnone.so.1 is not installed: apt-get install libnone1", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.ENOENT, NativeLibraryProbe.TryCall("libnone.so.1", "libnone1", static () => 9, 10, out reason));
        Assert.Contains("too old (9, 10 is needed)", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, NativeLibraryProbe.TryCall("libnone.so.1", "libnone1", static () => 10, 10, out reason));
        Assert.Equal("", reason);
    }

    private static IPageCompressor Create(string name, int level)
    {
        IPageCompressor? compressor;
        string reason;
        if (name == "lz4")
        {
            _ = Lz4Compressor.TryCreate(level, out Lz4Compressor? lz4, out reason);
            compressor = lz4;
        }
        else
        {
            _ = ZstdCompressor.TryCreate(level, out ZstdCompressor? zstd, out reason);
            compressor = zstd;
        }

        Assert.False(compressor is null && Environment.GetEnvironmentVariable("CI") == "true", reason);
        Skip.If(compressor is null, reason);
        return compressor;
    }

    /// <summary>Bytes between all the same and all different.</summary>
    private static void Fill(Span<byte> page, Random random, int variety)
    {
        for (int at = 0; at < page.Length; at++)
        {
            page[at] = (byte)(random.Next(10) < variety ? random.Next(256) : at / 64);
        }
    }
}
