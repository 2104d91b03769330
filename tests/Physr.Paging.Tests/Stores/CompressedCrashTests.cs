// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>A compressed store whose process is killed after any step of a write has every page as it was acknowledged; the one being written has its old bytes or its new ones.</summary>
public sealed class CompressedCrashTests
{
    private const int Page = PageBuffer.Page;
    private const int Pages = 24;

    [SkippableTheory]
    [InlineData("lz4", 1)]
    [InlineData("zstd", 2)]
    public void NothingAcknowledgedIsLostAfterAnyStep(string kind, int seed)
    {
        Random random = new(seed);
        byte[] expected = new byte[Pages * Page], old = new byte[Page];
        int writing = -1;
        using StoreFixture fixture = new(kind, Pages), copy = new(kind, Pages);
        using CompressedFiles files = new(fixture.Region), copied = new(copy.Region);
        using PageBuffer buffer = new(1), other = new(1);
        using CompressedStore store = (CompressedStore)fixture.Open();
        Dictionary<CompressedStep, int> steps = [];
        store.AfterStep = step =>
        {
            steps[step] = steps.GetValueOrDefault(step) + 1;
            files.CopyTo(copied);
            using CompressedStore next = (CompressedStore)copy.Open();
            Assert.Equal(0ul, next.LostPages);
            for (int page = 0; page < Pages; page++)
            {
                Assert.Equal(Errno.None, next.Read((ulong)page * Page, other.Address, Page));
                bool isOld = page == writing && step < CompressedStep.Published;
                Assert.True(other.Bytes.SequenceEqual(isOld ? old : expected.AsSpan(page * Page, Page)), $"seed {seed}, {step} {steps[step]}, page {page}");
            }

            // Whatever the killed process had taken and not published is free, and nothing that is in use is.
            Span<byte> written = other.Bytes;
            PageBytes.Fill(written, random);
            int changed = random.Next(Pages);
            Assert.Equal(Errno.None, next.Write((ulong)changed * Page, other.Address, Page));
            for (int page = 0; page < Pages; page++)
            {
                Assert.Equal(Errno.None, next.Read((ulong)page * Page, other.Address, Page));
                bool isOld = page == writing && step < CompressedStep.Published;
                Assert.True(page == changed || other.Bytes.SequenceEqual(isOld ? old : expected.AsSpan(page * Page, Page)), $"seed {seed}, {step} {steps[step]}, page {page} after a write of {changed}");
            }
        };

        for (int round = 0; round < 32; round++)
        {
            writing = random.Next(Pages);
            Span<byte> place = expected.AsSpan(writing * Page, Page);
            place.CopyTo(old);
            PageBytes.Fill(buffer.Bytes, random);
            buffer.Bytes.CopyTo(place);
            Assert.Equal(Errno.None, store.Write((ulong)writing * Page, buffer.Address, Page));
        }

        Assert.Equal([CompressedStep.Allocated, CompressedStep.Written, CompressedStep.Published, CompressedStep.Freed], steps.Keys.Order());
        Assert.All(steps.Values, static count => Assert.True(count > 8));
    }

    [SkippableFact]
    public void WhatAKilledProcessLeftBehindIsGivenBack()
    {
        const int Many = 1024;
        using StoreFixture fixture = new("lz4", Many);
        using CompressedFiles files = new(fixture.Region);
        using PageBuffer buffer = new(1);
        using (PageStore store = fixture.Open())
        {
            for (int page = 0; page < Many; page++)
            {
                new Random(page).NextBytes(buffer.Bytes);
                Assert.Equal(Errno.None, store.Write((ulong)page * Page, buffer.Address, Page));
            }
        }

        Assert.InRange(files.BlobMemory, Many * Page, (Many + 16) * Page);

        // As if the process had been killed after it published zeros for all, and before it freed anything.
        for (int page = 0; page < Many; page++)
        {
            files.WriteEntry(page, page == 7 ? files.ReadEntry(page) : 0);
        }

        using CompressedStore next = (CompressedStore)fixture.Open();
        Assert.Equal(Page, next.UsedBytes);
        Assert.Equal(Page, files.BlobMemory);
        Assert.Equal(Errno.None, next.Read(7 * Page, buffer.Address, Page));
        byte[] expected = new byte[Page];
        new Random(7).NextBytes(expected);
        Assert.True(buffer.Bytes.SequenceEqual(expected));
    }

    [SkippableFact]
    public void PagesThatBecomeZerosOrSmallGiveTheirMemoryBack()
    {
        const int Many = 2048;
        using StoreFixture fixture = new("lz4", Many);
        using CompressedFiles files = new(fixture.Region);
        using PageBuffer buffer = new(1);
        using CompressedStore store = (CompressedStore)fixture.Open();
        Assert.Equal(0, files.BlobMemory);
        Random random = new(1);
        for (int page = 0; page < Many; page++)
        {
            random.NextBytes(buffer.Bytes);
            Assert.Equal(Errno.None, store.Write((ulong)page * Page, buffer.Address, Page));
        }

        Assert.Equal(Many * Page, store.UsedBytes);

        // Half of them text, which is about a tenth as large; nothing but a few pages that are kept is lost to it.
        for (int page = 0; page < Many; page += 2)
        {
            buffer.Bytes.Fill((byte)page);
            random.NextBytes(buffer.Bytes[..200]);
            Assert.Equal(Errno.None, store.Write((ulong)page * Page, buffer.Address, Page));
        }

        Assert.InRange(store.UsedBytes, Many / 2 * Page, (Many / 2 * Page) + (Many / 2 * 320));
        Assert.InRange(files.BlobMemory, store.UsedBytes, store.UsedBytes + ((BlobSpace.KeptPages + 200) * Page));
        buffer.Bytes.Clear();
        for (int page = 0; page < Many; page++)
        {
            Assert.Equal(Errno.None, store.Write((ulong)page * Page, buffer.Address, Page));
        }

        Assert.Equal(0, store.UsedBytes);
        Assert.InRange(files.BlobMemory, 0, BlobSpace.KeptPages * Page);
    }
}
