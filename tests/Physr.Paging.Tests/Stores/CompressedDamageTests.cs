// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>Whatever a client writes into a compressed store's files, a page has its bytes or is an error; no call throws or touches what is not its own.</summary>
public sealed class CompressedDamageTests
{
    private const int Page = PageBuffer.Page;
    private const int Pages = 64;

    [SkippableTheory]
    [InlineData("lz4", false)]
    [InlineData("lz4", true)]
    [InlineData("zstd", false)]
    [InlineData("zstd", true)]
    public void DamagedPagesAreErrors_AndAllOthersAreRight(string kind, bool isTakenOver)
    {
        int damaged = 0;
        for (int seed = 0; seed < 16; seed++)
        {
            Random random = new(seed);
            byte[] expected = new byte[Pages * Page];
            using StoreFixture fixture = new(kind, Pages);
            using CompressedFiles files = new(fixture.Region);
            using PageBuffer buffer = new(1);
            PageStore store = fixture.Open();
            for (int page = 0; page < Pages; page++)
            {
                PageBytes.Fill(buffer.Bytes, random);
                buffer.Bytes.CopyTo(expected.AsSpan(page * Page));
                Assert.Equal(Errno.None, store.Write((ulong)page * Page, buffer.Address, Page));
            }

            Damage(files, random);
            if (isTakenOver)
            {
                store.Dispose();
                store = fixture.Open();
            }

            for (int round = 0; round < 2; round++)
            {
                for (int page = 0; page < Pages; page++)
                {
                    bool isZero = files.ReadEntry(page) == 0;
                    Errno errno = store.Read((ulong)page * Page, buffer.Address, Page);
                    Assert.True(errno is Errno.None or Errno.EIO, $"seed {seed}, page {page}: {errno}");
                    damaged += errno == Errno.EIO ? 1 : 0;
                    bool isRight = buffer.Bytes.SequenceEqual(expected.AsSpan(page * Page, Page)) || (isZero && !buffer.Bytes.ContainsAnyExcept((byte)0));
                    Assert.True(errno == Errno.EIO || isRight, $"seed {seed}, round {round}, page {page} has other bytes");
                    if (errno == Errno.EIO)
                    {
                        Assert.Contains($"page {page} is damaged", store.LastReason, StringComparison.Ordinal);
                    }
                }

                // Writes go on, with an index that lies; what was written is there, or is an error where the lie gave its place away.
                for (int write = 0; write < 30; write++)
                {
                    int page = random.Next(Pages);
                    PageBytes.Fill(buffer.Bytes, random);
                    buffer.Bytes.CopyTo(expected.AsSpan(page * Page));
                    Assert.Equal(Errno.None, store.Write((ulong)page * Page, buffer.Address, Page));
                }
            }

            store.Dispose();
        }

        Assert.True(damaged > 150, $"only {damaged} pages were damaged");
    }

    [SkippableFact]
    public void AfterTakingOverDamagedFiles_AWriteHurtsNoOtherPage()
    {
        int lost = 0;
        for (int seed = 0; seed < 16; seed++)
        {
            Random random = new(seed);
            byte[] expected = new byte[Pages * Page];
            using StoreFixture fixture = new("lz4", Pages);
            using CompressedFiles files = new(fixture.Region);
            using PageBuffer buffer = new(1);
            using (PageStore store = fixture.Open())
            {
                for (int page = 0; page < Pages; page++)
                {
                    PageBytes.Fill(buffer.Bytes, random);
                    Assert.Equal(Errno.None, store.Write((ulong)page * Page, buffer.Address, Page));
                }
            }

            // Entries that point at other pages' blobs: each of them is its page's or an error, and an error's write frees nothing.
            for (int count = 0; count < 8; count++)
            {
                ulong taken = files.ReadEntry(random.Next(Pages));
                files.WriteEntry(random.Next(Pages), taken);
            }

            using CompressedStore next = (CompressedStore)fixture.Open();
            lost += (int)next.LostPages;
            List<int> good = [];
            for (int page = 0; page < Pages; page++)
            {
                Errno errno = next.Read((ulong)page * Page, buffer.Address, Page);
                if (errno == Errno.None)
                {
                    good.Add(page);
                    buffer.Bytes.CopyTo(expected.AsSpan(page * Page));
                }
            }

            int[] bad = [.. Enumerable.Range(0, Pages).Except(good)];
            Assert.Equal(next.LostPages, (ulong)bad.Length);
            foreach (int page in bad.Concat(bad))
            {
                PageBytes.Fill(buffer.Bytes, random);
                buffer.Bytes.CopyTo(expected.AsSpan(page * Page));
                Assert.Equal(Errno.None, next.Write((ulong)page * Page, buffer.Address, Page));
            }

            for (int page = 0; page < Pages; page++)
            {
                Assert.Equal(Errno.None, next.Read((ulong)page * Page, buffer.Address, Page));
                Assert.True(buffer.Bytes.SequenceEqual(expected.AsSpan(page * Page, Page)), $"seed {seed}, page {page}");
            }
        }

        Assert.True(lost > 50, $"only {lost} pages were lost");
    }

    [SkippableTheory]
    [InlineData(ulong.MaxValue)]
    [InlineData(1ul)]
    [InlineData((1ul << 42) | ((1ul << 36) - 1))]
    [InlineData((2ul << 42) | (63ul << 36) | ((1ul << 36) - 1))]
    [InlineData((1ul << 42) | (63ul << 36))]
    [InlineData(2ul << 42)]
    [InlineData((3ul << 42) | 5)]
    public void AnEntryThatNoStoreWritesIsAnError(ulong entry)
    {
        using StoreFixture fixture = new("lz4", Pages);
        using CompressedFiles files = new(fixture.Region);
        using PageBuffer buffer = new(1);
        using (PageStore store = fixture.Open())
        {
            files.WriteEntry(5, entry);
            Assert.Equal(Errno.EIO, store.Read(5 * Page, buffer.Address, Page));
            Assert.Equal(Errno.None, store.Read(6 * Page, buffer.Address, Page));
        }

        using PageStore next = fixture.Open();
        Assert.Equal(Errno.EIO, next.Read(5 * Page, buffer.Address, Page));
        buffer.Bytes.Fill(3);
        Assert.Equal(Errno.None, next.Write(5 * Page, buffer.Address, Page));
        buffer.Bytes.Clear();
        Assert.Equal(Errno.None, next.Read(5 * Page, buffer.Address, Page));
        Assert.False(buffer.Bytes.ContainsAnyExcept((byte)3));
    }

    private static void Damage(CompressedFiles files, Random random)
    {
        for (int changes = random.Next(1, 24); changes > 0; changes--)
        {
            byte mask = (byte)random.Next(1, 256);
            switch (random.Next(5))
            {
                case 0:
                    files.Change(files.Index, (ulong)random.Next(Pages * sizeof(ulong)), mask);
                    break;
                case 1:
                    files.WriteEntry(random.Next(Pages), (ulong)random.NextInt64());
                    break;
                case 2:
                    files.WriteEntry(random.Next(Pages), files.ReadEntry(random.Next(Pages)));
                    break;
                default:
                    files.Change(files.Blobs, (ulong)random.Next(Pages / 2 * Page), mask);
                    break;
            }
        }
    }
}
