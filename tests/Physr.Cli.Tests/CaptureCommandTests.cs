// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Physr.Cli.Tests.Infrastructure;
using Physr.Pci.Tests;
using Physr.Pci.Tests.Infrastructure;

namespace Physr.Cli.Tests;

/// <summary>Where <c>physr capture</c> writes, and where it refuses to.</summary>
public sealed class CaptureCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _root;

    public CaptureCommandTests()
    {
        _root = Path.Combine(_directory.Path, "root");
        new CaptureWriter(_root).Functions(new SyntheticHost().HostDevice("0000:00:00.0").Switch(null, null).Build());
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void AnInterruptedCaptureEndsWith130AndLeavesNoFile()
    {
        string target = Directory.CreateDirectory(Path.Combine(_directory.Path, "target")).FullName;
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = PhysrCli.Invoke(["capture", Path.Combine(target, "out.tar"), "--root", _root], new Terminal(output, error), cancellation: new CancellationToken(canceled: true));
        Assert.Equal(ExitCode.Interrupted, code);
        Assert.Contains("interrupted", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(output.ToString());
        Assert.Empty(Directory.EnumerateFileSystemEntries(target));
    }

    [Fact]
    public void ForceReplacesNothingButOrdinaryFiles()
    {
        string pipe = Path.Combine(_directory.Path, "pipe");
        using (Process make = Process.Start("mkfifo", pipe))
        {
            make.WaitForExit();
            Assert.Equal(0, make.ExitCode);
        }

        string address = Path.Combine(_directory.Path, "socket");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(address));
        string toPipe = Link("to-pipe", pipe);
        string toDevice = Link("to-device", "/dev/null");
        foreach (string target in (string[])[pipe, address, toPipe, toDevice, "/dev/null"])
        {
            (int code, string error) = Run(target, "--force");
            Assert.Equal(ExitCode.BadInput, code);
            Assert.Contains($"'{target}' is no ordinary file", error, StringComparison.Ordinal);
        }

        (int ofDirectory, string message) = Run(Link("to-directory", _root), "--force");
        Assert.Equal(ExitCode.BadInput, ofDirectory);
        Assert.Contains("is a directory", message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_directory.Path, ".*"));
    }

    [Fact]
    public void ForceReplacesAnEmptyFile_AndTheFileBehindALink()
    {
        string empty = Path.Combine(_directory.Path, "empty.tar");
        File.WriteAllBytes(empty, []);
        string link = Link("link.tar", empty);
        Assert.Equal(ExitCode.BadInput, Run(link).Code);
        Assert.Equal(ExitCode.Success, Run(link, "--force").Code);
        Assert.NotEqual(0, new FileInfo(empty).Length);
        Assert.Equal(empty, new FileInfo(link).LinkTarget);
    }

    [Fact]
    public void AFailureToWriteNamesTheUsersFile()
    {
        // Nobody, root included, makes files there.
        (int code, string error) = Run("/proc/out.tar");
        Assert.Equal(ExitCode.BadInput, code);
        Assert.Contains("/proc/out.tar", error, StringComparison.Ordinal);
        Assert.DoesNotContain("/.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ANameOfTheGreatestLengthIsWritten() => Assert.Equal(ExitCode.Success, Run(Path.Combine(_directory.Path, new string('x', 255))).Code);

    [SkippableFact]
    [UnsupportedOSPlatform("windows")]
    public void ADirectoryThatMayNotBeWritten_IsSaidToBeDenied()
    {
        Unprivileged.Open(_directory.Path);
        string closed = Directory.CreateDirectory(Path.Combine(_directory.Path, "closed")).FullName;
        foreach (UnixFileMode mode in (UnixFileMode[])[UnixFileMode.None, UnixFileMode.UserRead | UnixFileMode.UserExecute])
        {
            File.SetUnixFileMode(closed, mode);
            string target = Path.Combine(closed, "out.tar");
            (int code, _, string error) = Unprivileged.Run("capture", target);
            Assert.Equal((ExitCode.BadInput, $"physr capture: '{target}' could not be written: permission denied in '{closed}'\n"), (code, error));
        }
    }

    [Fact]
    public void ATarAsRootIsToBeUnpackedFirst()
    {
        string tar = Path.Combine(_directory.Path, "a.tar");
        Assert.Equal(ExitCode.Success, Run(tar).Code);
        using var output = new StringWriter();
        foreach (string[] arguments in (string[][])[["p2p", "--root", tar], ["memmap", "--root", tar], ["capture", $"{tar}2", "--root", tar]])
        {
            using var error = new StringWriter();
            Assert.Equal(ExitCode.BadInput, PhysrCli.Invoke(arguments, new Terminal(output, error)));
            Assert.Contains("must be unpacked first", error.ToString(), StringComparison.Ordinal);
        }
    }

    private string Link(string name, string target)
    {
        string path = Path.Combine(_directory.Path, name);
        File.CreateSymbolicLink(path, target);
        return path;
    }

    private (int Code, string Error) Run(string target, params string[] options)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = PhysrCli.Invoke(["capture", target, "--root", _root, .. options], new Terminal(output, error));
        return (code, error.ToString());
    }
}
