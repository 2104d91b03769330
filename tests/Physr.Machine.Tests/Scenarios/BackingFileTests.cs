// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Net.Sockets;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Scenarios;

/// <summary>What may back a namespace, whatever name leads to it.</summary>
public sealed class BackingFileTests : IDisposable
{
    private const int Size = 32 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("physr-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void OneFileBehindTwoNamespaces_IsFoundUnderEveryName()
    {
        string file = MakeFile("a.img");
        File.CreateSymbolicLink(In("symbolic.img"), "a.img");
        Directory.CreateSymbolicLink(In("folder"), _folder);
        Run("ln", file, In("hard.img"));
        Directory.CreateSymbolicLink(In("again"), "folder");

        foreach (string other in (string[])["symbolic.img", "hard.img", "folder/a.img", "again/hard.img"])
        {
            ScenarioError error = Assert.Single(Read(("ns0", file), ("ns1", In(other))).Errors);
            Assert.Equal($"--file ns1={In(other)}", error.File);
            Assert.EndsWith("already; give 'ns1' a file of its own", error.Message, StringComparison.Ordinal);
            Assert.Contains(" backs 'ns0', under the name ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void FilesOfEqualContent_AreTwo()
    {
        Assert.Empty(Read(("ns0", MakeFile("a.img")), ("ns1", MakeFile("b.img")), ("ns2", MakeFile("c.img"))).Errors);
    }

    [Theory]
    [InlineData("/dev/zero", "a device")]
    [InlineData("/dev/null", "a device")]
    [InlineData("fifo", "a pipe")]
    [InlineData("link-to-fifo", "a pipe")]
    [InlineData("socket", "a socket")]
    [InlineData(".", "a directory")]
    public void WhatIsNoOrdinaryFile_IsNamed_AndNeverWaitedFor(string name, string what)
    {
        Run("mkfifo", In("fifo"));
        File.CreateSymbolicLink(In("link-to-fifo"), "fifo");
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(In("socket")));

        // ns0 is read, ns1 is written to; opening a pipe to read would wait for a writer.
        foreach (string ns in (string[])["ns0", "ns1"])
        {
            ScenarioError error = Assert.Single(Read((ns, In(name))).Errors);
            Assert.Contains($"is not an ordinary file but {what}; name a file of at least ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AnEmptyFile_IsOrdinary_OnlyTooShort()
    {
        File.WriteAllBytes(In("empty"), []);

        Assert.Contains("has 0 bytes, the namespace 'ns0' has 33554432", Assert.Single(Read(("ns0", In("empty"))).Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatEndsWithinABlock_IsRefusedBeforeItRuns()
    {
        string file = MakeFile("a.img", Size + 100);

        Assert.EndsWith(
            "has 33554532 bytes, which are no whole blocks of 512 bytes; the nearest are 32MiB and 33554944",
            Assert.Single(Read(("ns0", file)).Errors).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ALinkToNothingOrToItself_IsNoFile()
    {
        File.CreateSymbolicLink(In("nothing"), "nowhere");
        File.CreateSymbolicLink(In("self"), "self");

        Assert.Contains("there is no file", Assert.Single(Read(("ns0", In("nothing"))).Errors).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be opened for reading: Too many", Assert.Single(Read(("ns0", In("self"))).Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ANamespaceThatIsOnlyRead_NeedsNoMoreThanAReadableFile()
    {
        Scenario scenario = Draft.Read(Draft.Text).Scenario!;
        Dictionary<string, bool> isReadOnly = scenario.Fabric.SelectMany(static node => node.Namespaces).ToDictionary(static ns => ns.Name, static ns => ns.IsReadOnly, StringComparer.Ordinal);
        Assert.Equal((true, false, false), (isReadOnly["ns0"], isReadOnly["ns1"], isReadOnly["ns2"]));

        // A program that runs cannot be written to, not even by root (ETXTBSY), but it can be read.
        string program = In("sleep");
        File.Copy("/bin/sleep", program);
        Extend(program, Size);
        using Process running = Process.Start(program, "60");
        try
        {
            Assert.Empty(Read(("ns0", program)).Errors);
            ScenarioError error = Assert.Single(Read(("ns1", program)).Errors);
            Assert.Contains("cannot be opened for reading and writing, and a transfer writes to 'ns1': ", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            running.Kill();
            running.WaitForExit();
        }
    }

    private static (Scenario? Scenario, IReadOnlyList<ScenarioError> Errors) Read(params (string Namespace, string Path)[] files) =>
        Draft.Read(Draft.Text, files: files.ToDictionary(static pair => pair.Namespace, static pair => pair.Path, StringComparer.Ordinal));

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static void Extend(string path, long length)
    {
        using FileStream stream = File.OpenWrite(path);
        stream.SetLength(length);
    }

    private string In(string name) => Path.Combine(_folder, name);

    private string MakeFile(string name, long length = Size)
    {
        Extend(In(name), length);
        return In(name);
    }
}
