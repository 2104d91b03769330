// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Dma.Tests.Debugging;
using Physr.Dma.Tracing;

namespace Physr.Dma.Tests.Tracing;

/// <summary>Whatever the bytes, nothing is thrown and every bad line has its number.</summary>
public sealed class FuzzTests
{
    [Fact]
    public void R90_RandomBytesAreBadLines()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            byte[] bytes = new byte[4000];
            new Random(seed).NextBytes(bytes);
            AssertSound(bytes, seed);
        }
    }

    [Fact]
    public void R90_MutatedTracesNeverThrow()
    {
        byte[] good = Encoding.UTF8.GetBytes(Record());
        byte[] spice = "{}=,[]|: \n/0x9fFz-#"u8.ToArray();
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            List<byte> bytes = [.. good.AsSpan(random.Next(good.Length / 2), good.Length / 4)];
            for (int i = 0; i < 60; i++)
            {
                int at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0:
                        bytes[at] = spice[random.Next(spice.Length)];
                        break;
                    case 1:
                        bytes.Insert(at, spice[random.Next(spice.Length)]);
                        break;
                    case 2:
                        bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                        break;
                    default:
                        bytes.InsertRange(at, bytes.GetRange(Math.Min(at, bytes.Count - 1), Math.Min(random.Next(1, 80), bytes.Count - at)));
                        break;
                }
            }

            AssertSound([.. bytes], seed);
        }
    }

    [Fact]
    public void R90_ALineCutAnywhereNeverThrows()
    {
        foreach (string line in Record().Split('\n').DistinctBy(static line => line.Split(": ").ElementAtOrDefault(1)))
        {
            for (int length = 0; length < line.Length; length++)
            {
                AssertSound(Encoding.UTF8.GetBytes(line[..length]), length);
                AssertSound(Encoding.UTF8.GetBytes(line[length..]), length);
            }
        }
    }

    private static void AssertSound(byte[] bytes, int seed)
    {
        try
        {
            using MemoryStream stream = new(bytes);
            DmaTraceResult result = DmaTraceChecker.Check(stream, new() { MaxProblems = int.MaxValue, IsStrict = seed % 2 == 0, KeepsAll = true, MaxEntries = 64 });
            Assert.Equal(result.BadLines, result.Problems.Count);
            Assert.All(result.Problems, problem => Assert.InRange(problem.Line, 1, result.Lines));
            Assert.DoesNotContain(result.Problems, static problem => problem.Problem.Length == 0);
            Assert.All(result.Findings, finding => Assert.InRange(finding.Line, 1, result.Lines));
        }
        catch (Exception failure) when (failure is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"seed {seed}: {failure}");
        }
    }

    private static string Record()
    {
        using StringWriter text = new();
        using DebugRig rig = new(options => options with { Recorder = new DmaTraceWriter(text) });
        rig.Debugger.OnDriverBind(rig.Direct, "nvme");
        LegalTraffic traffic = new(rig, 3);
        traffic.Run(150);
        traffic.End();
        return text.ToString();
    }
}
