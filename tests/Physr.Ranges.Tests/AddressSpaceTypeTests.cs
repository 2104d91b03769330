// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;

namespace Physr.Ranges.Tests;

/// <summary>Row R61a: confusing two address spaces does not compile. Shown by compiling.</summary>
public class AddressSpaceTypeTests
{
    private static readonly (string Statement, string Error)[] Statements =
    [
        ("Dma(dma);", ""),
        ("Dma(DmaRangeList.Identity(cpu));", ""),
        ("Write(bus);", ""),
        ("Write(new DmaAddress(physical.Value));", ""),
        ("Dma(cpu);", "CS1503"),
        ("Write(physical);", "CS1503"),
        ("DmaRangeList list = cpu;", "CS0029"),
        ("RangeList list = dma;", "CS0029"),
        ("DmaAddress address = physical;", "CS0029"),
        ("PhysicalAddress address = 4096UL;", "CS0029"),
        ("ulong value = physical;", "CS0029"),
        ("AddressRange<DmaAddress> other = range;", "CS0029"),
        ("var list = (DmaRangeList)cpu;", "CS0030"),
        ("var address = (DmaAddress)physical;", "CS0030"),
        ("var sum = physical + 4096UL;", "CS0019"),
        ("var same = physical == bus;", "CS0019"),
    ];

    /// <summary>Each statement in a method of its own, all in one compilation, which names the statement in what it reports.</summary>
    private static readonly Lazy<string> Report = new(() => Compile(string.Join('\n', Statements.Select((row, i) => $$"""
        static class Device{{i}}
        {
            static void Dma(Physr.Ranges.DmaRangeList list) { }
            static void Write(Physr.Ranges.DmaAddress address) { }
            static void Use(RangeList cpu, DmaRangeList dma, PhysicalAddress physical, DmaAddress bus, AddressRange<PhysicalAddress> range)
            {
        #line 1 "statement{{i}}"
                {{row.Statement}}
            }
        }
        """))));

    public static TheoryData<int, string, string> Cases
    {
        get
        {
            TheoryData<int, string, string> cases = [];
            for (int i = 0; i < Statements.Length; i++)
            {
                cases.Add(i, Statements[i].Statement, Statements[i].Error);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void R61a_OneSpacePassedAsAnother_DoesNotCompile(int index, string statement, string error)
    {
        string[] errors = [.. Report.Value.Split('\n').Where(line => line.Contains($"statement{index}(", StringComparison.Ordinal))];
        if (error.Length == 0)
        {
            Assert.True(errors.Length == 0, $"{statement} must compile: {string.Join('\n', errors)}");
        }
        else
        {
            Assert.Contains($"error {error}:", Assert.Single(errors), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void R61a_TheReport_HoldsNothingButTheExpectedErrors()
    {
        string[] lines = Report.Value.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Statements.Count(row => row.Error.Length != 0), lines.Length);
        Assert.All(lines, line => Assert.Contains("statement", line, StringComparison.Ordinal));
    }

    /// <summary>Runs the compiler of the SDK that runs these tests, and gives what it reports.</summary>
    private static string Compile(string program)
    {
        string folder = Directory.CreateTempSubdirectory("physr-types-").FullName;
        try
        {
            string source = Path.Combine(folder, "Use.cs");
            File.WriteAllText(source, $"using Physr.Ranges;\n{program}");
            return Compile(source, Path.Combine(folder, "Use.dll"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Compile(string source, string target)
    {
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        string dotnet = Path.GetFullPath(Path.Combine(runtime, "../../.."));
        string compiler = Directory.GetDirectories(Path.Combine(dotnet, "sdk"), "10.*")
            .Select(sdk => Path.Combine(sdk, "Roslyn", "bincore", "csc.dll")).Where(File.Exists).Order(StringComparer.Ordinal).Last();
        ProcessStartInfo start = new(Path.Combine(dotnet, "dotnet")) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in new[]
        {
            "exec", compiler, "-nologo", "-nowarn:CS0219,CS8019", "-nostdlib", "-target:library", $"-out:{target}",
            $"-r:{Path.Combine(runtime, "System.Runtime.dll")}", $"-r:{typeof(object).Assembly.Location}", $"-r:{typeof(RangeList).Assembly.Location}", source,
        })
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output + errors.Result;
    }
}
