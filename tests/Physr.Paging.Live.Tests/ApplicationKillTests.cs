// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using System.Runtime.InteropServices;
using Physr.Paging.Victim;
using Xunit.Abstractions;

namespace Physr.Paging.Live.Tests;

/// <summary>The application dies by SIGKILL, alone or with its pagers: a file has what <c>Persist</c> acknowledged, or something newer.</summary>
public sealed class ApplicationKillTests(ITestOutputHelper output)
{
    private const int Rounds = 4;
    private const int PageWords = 4096 / sizeof(long);

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatPersistAcknowledgedIsInTheFile(bool withPagers)
    {
        LiveSystem.Require();
        using TemporaryFolder folder = new();
        for (int round = 1; round <= Rounds; round++)
        {
            string file = folder.File($"pages{round}");
            using Victim child = Victim.Start("persist", "store=file", $"file={file}", $"seed={round}");
            int serving = int.Parse(child.WaitForLine("serving ").Split(' ')[1], CultureInfo.InvariantCulture);
            int standby = PagerLine.WaitForStandby(serving);
            PagerLine.WaitFor(() => child.Lines.Length > 20 * round, "nothing is acknowledged");
            Thread.Sleep(new Random(round).Next(30));
            if (round % 2 == 0)
            {
                child.Kill();
            }

            if (withPagers)
            {
                PagerLine.Kill(standby);
                PagerLine.Kill(serving);
            }

            child.Kill();
            Assert.Equal(137, child.WaitForEnd(TimeSpan.FromSeconds(60)));

            // Pagers that outlive their application write back what they have, and end.
            PagerLine.WaitForEnd(serving);
            PagerLine.WaitForEnd(standby);
            Compare(child.Lines[1..], File.ReadAllBytes(file), $"seed {round}");
            output.WriteLine($"seed {round}: {child.Lines.Length - 1} acknowledged");
        }
    }

    private static void Compare(string[] acknowledged, byte[] file, string name)
    {
        long[] newest = new long[PersistVerb.Pages];
        foreach (string line in acknowledged)
        {
            long[] words = [.. line.Split(' ').Select(static word => long.Parse(word, CultureInfo.InvariantCulture))];
            Array.Fill(newest, words[2], (int)words[0], (int)words[1]);
        }

        ReadOnlySpan<long> values = MemoryMarshal.Cast<byte, long>(file);
        for (int page = 0; page < newest.Length; page++)
        {
            foreach (long value in values.Slice(page * PageWords, PageWords))
            {
                Assert.True(value >= newest[page], $"{name}: page {page} has version {value}, and {newest[page]} was acknowledged");
            }
        }
    }
}
