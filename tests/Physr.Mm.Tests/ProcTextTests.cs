// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.RegularExpressions;
using Physr.Mm.Reporting;

namespace Physr.Mm.Tests;

/// <summary>The forms of <c>/proc/PID/maps</c> and <c>smaps</c>, beside those of the kernel that runs the test.</summary>
public sealed partial class ProcTextTests : IDisposable
{
    private const int NameColumn = 73;
    private readonly PhysicalMemory _memory = PhysicalMemory.Create(32UL << 20);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void R26_SmapsHasTheLinesOfTheRunningKernel_InItsOrderAndColumns()
    {
        using AddressSpace space = new(_memory, "process");
        Assert.Equal(Errno.None, space.TryMap(new(1 << 20, Protection.ReadWrite), out VirtualAddress at));
        Assert.Equal(AccessOutcome.Done, space.Store(at, 1UL));
        string[] ours = FirstEntry(ProcText.Smaps(space).Split('\n'));
        string[] kernels = FirstEntry(File.ReadAllLines("/proc/self/smaps"));
        string[] common = [.. ours.Select(Label).Where(label => kernels.Select(Label).Contains(label, StringComparer.Ordinal))];
        Assert.True(common.Length >= 18, string.Join(" ", common));
        Assert.Equal(kernels.Select(Label).Where(label => common.Contains(label, StringComparer.Ordinal)), common);
        foreach (string line in ours.Where(line => common.Contains(Label(line), StringComparer.Ordinal) && !line.StartsWith("VmFlags", StringComparison.Ordinal)))
        {
            string kernel = kernels.Single(each => string.Equals(Label(each), Label(line), StringComparison.Ordinal));
            Assert.Equal(Digits().Replace(kernel, "#").TrimEnd().Split('#')[0].TrimEnd(), Digits().Replace(line, "#").TrimEnd().Split('#')[0].TrimEnd());
            Assert.Equal(kernel.Length, line.Length);
        }

        Assert.Contains("VmFlags: rd wr mr mw me ac ", ours);
    }

    [Fact]
    public void R26_MapsHasNamesWhereTheKernelHasThem()
    {
        using SharedMemoryFile file = new(_memory, "/memfd:shared (deleted)", 1 << 20);
        using AddressSpace space = new(_memory, "process");
        Assert.Equal(Errno.None, space.TryMap(new(1 << 20, Protection.ReadWrite) { Address = new(0x7f12_3456_0000), IsFixed = true }, out _));
        Assert.Equal(Errno.None, space.TryMap(new(1 << 20, Protection.Read) { Address = new(0x7f12_4000_0000), IsFixed = true, File = file, IsShared = true, Offset = 0 }, out _));
        string[] lines = ProcText.Maps(space).Split('\n');
        Assert.Equal("7f1234560000-7f1234660000 rw-p 00000000 00:00 0 ", lines[0]);
        Assert.Equal(NameColumn, lines[1].IndexOf('/'));
        string kernels = File.ReadAllLines("/proc/self/maps").First(static line => line.Contains('/') && line.IndexOf('-') == 12);
        Assert.Equal(NameColumn, kernels.IndexOf('/'));
    }

    private static string Label(string line) => line[..(line.IndexOf(':') + 1)];

    private static string[] FirstEntry(string[] lines) => [.. lines.Skip(1).TakeWhile(static line => line.Length > 0 && !Header().IsMatch(line))];

    [GeneratedRegex("^[0-9a-f]+-[0-9a-f]+ ")]
    private static partial Regex Header();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
