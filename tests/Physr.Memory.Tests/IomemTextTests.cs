// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory.Tests;

public sealed class IomemTextTests
{
    // As Linux prints it: eight digits at least, two spaces per level, the end inclusive.
    private const string Sample =
        """
        00000000-00000fff : Reserved
        00001000-0009fbff : System RAM
        000a0000-000bffff : PCI Bus 0000:00
        00100000-1ffd7fff : System RAM
          0c000000-0cbfffff : Kernel code
        b0000000-bfffffff : PCI ECAM 0000 [bus 00-ff]
          b0000000-bfffffff : Reserved
            b0000000-bfffffff : pnp 00:04
        c0000000-febfffff : PCI Bus 0000:00
          fe200000-fe5fffff : PCI Bus 0000:01
            fe200000-fe5fffff : PCI Bus 0000:02
              fe400000-fe5fffff : PCI Bus 0000:03
                fe400000-fe403fff : 0000:03:00.0
                  fe400000-fe403fff : nvme
                fe404000-fe404fff : 0000:03:00.1
        100000000-8ffffffff : PCI Bus 0000:00

        """;

    [Fact]
    public void ReadingAndPrintingGivesTheSameText()
    {
        IomemText text = IomemText.Parse(Sample);
        Assert.Empty(text.Problems);
        Assert.False(text.AddressesHidden);
        ResourceTree tree = text.ToTree(out IReadOnlyList<string> problems);
        Assert.Empty(problems);
        using StringWriter writer = new();
        IomemText.Write(tree, writer);
        Assert.Equal(Sample, writer.ToString());
        Assert.Equal(ResourceFlags.SystemRam | ResourceFlags.Busy, tree.Find(new(0x1000))!.Flags);
        Assert.Equal("nvme", tree.Find(new(0xfe400000))!.Name);
    }

    [Fact]
    public void ZeroedAddressesAreRecognised()
    {
        IomemText text = IomemText.Parse("00000000-00000000 : Reserved\n00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n");
        Assert.True(text.AddressesHidden);
        Assert.Equal(3, text.Entries.Count);
        ResourceTree tree = text.ToTree(out IReadOnlyList<string> problems);
        Assert.Empty(tree.Root.Children);
        Assert.Contains("hides", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00000000 : Reserved", "not of the form")]
    [InlineData("00000000-00000fff Reserved", "not of the form")]
    [InlineData("00001000-00000fff : Reserved", "before it starts")]
    [InlineData("0000g000-00000fff : Reserved", "hexadecimal")]
    [InlineData("00000000-10000000000000000 : Reserved", "hexadecimal")]
    [InlineData(" 00000000-00000fff : Reserved", "indented by 1")]
    [InlineData("ffffffffffffffff-ffffffffffffffff : end", "before it starts")]
    public void ABadLineIsNamed_AndTheRestKept(string line, string problem)
    {
        IomemText text = IomemText.Parse($"00002000-00002fff : good\n{line}\n00004000-00004fff : good too\n");
        Assert.Equal(2, text.Entries.Count);
        string only = Assert.Single(text.Problems);
        Assert.StartsWith("line 2: ", only, StringComparison.Ordinal);
        Assert.Contains(problem, only, StringComparison.Ordinal);
    }

    [Fact]
    public void ALineThatOverlapsInPartIsLeftOut()
    {
        ResourceTree tree = IomemText.Parse("00001000-00002fff : a\n00002000-00003fff : b\n  00002000-00002fff : c\n").ToTree(out IReadOnlyList<string> problems);
        Assert.Equal("line 2: b [mem 0x2000-0x3fff] overlaps a [mem 0x1000-0x2fff]", Assert.Single(problems));
        Assert.Equal("c", tree.Find(new(0x2000))!.Name);
    }

    [Fact]
    public void BelowTheDeepestIndentContainmentDecides()
    {
        string deep = "00000000-0fffffff : 0\n";
        for (int i = 1; i <= 7; i++)
        {
            deep += $"{new string(' ', 2 * Math.Min(i, 5))}00000000-0{15 - i:x}ffffff : {i}\n";
        }

        ResourceTree tree = IomemText.Parse(deep).ToTree(out IReadOnlyList<string> problems);
        Assert.Empty(problems);
        Assert.Equal(7, tree.Walk().Max(entry => entry.Depth));
        using StringWriter writer = new();
        IomemText.Write(tree, writer);
        Assert.Equal(deep, writer.ToString());
    }

    [Fact]
    public void AnyTextIsReadWithoutAnException()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            Random random = new(seed);
            char[] text = Sample.ToCharArray();
            for (int i = 0; i < 12; i++)
            {
                text[random.Next(text.Length)] = "0f- :\n\0zé"[random.Next(9)];
            }

            IomemText.Parse(new string(text)[..random.Next(text.Length)]).ToTree(out _);
        }
    }

    [Theory]
    [InlineData("0000:03:00.0", true)]
    [InlineData("10000:e1:1f.7", true)]
    [InlineData("0000:03:00.8", false)]
    [InlineData("0000:03:20.0", false)]
    [InlineData("PCI Bus 0000:03", false)]
    [InlineData("0000:03:00.0 ", false)]
    public void PciFunctionNamesAreRecognised(string name, bool expected) => Assert.Equal(expected, WellKnownResource.IsPciFunction(name));
}
