// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Tests.Stores;

/// <summary>Bytes of pages that compress in every way.</summary>
internal static class PageBytes
{
    /// <summary>Fills a page: with zeros, with text that repeats more or less, with noise, or with one odd byte among zeros.</summary>
    public static void Fill(Span<byte> page, Random random)
    {
        int kind = random.Next(12);
        page.Clear();
        if (kind == 0)
        {
            return;
        }

        if (kind == 1)
        {
            page[random.Next(page.Length)] = (byte)random.Next(1, 256);
            return;
        }

        if (kind == 2)
        {
            random.NextBytes(page);
            return;
        }

        // Runs of 32 equal bytes, the first of which are noise.
        random.NextBytes(page);
        int noise = (kind - 2) * 3;
        for (int at = 0; at < page.Length; at += 32)
        {
            page.Slice(at + noise, 32 - noise).Fill((byte)at);
        }
    }
}
