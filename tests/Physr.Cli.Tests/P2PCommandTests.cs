// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.CommandLine;
using System.Runtime.Versioning;
using System.Text.Json;
using Physr.Cli.Tests.Infrastructure;
using Physr.Pci.Spec;
using Physr.Pci.Tests;
using Physr.Pci.Tests.Infrastructure;

namespace Physr.Cli.Tests;

/// <summary><c>physr p2p</c> and <c>physr capture</c> as a user meets them: what is on stdout, what on stderr, which exit code.</summary>
public sealed class P2PCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _root;

    public P2PCommandTests()
    {
        _root = Path.Combine(_directory.Path, "root");
        new CaptureWriter(_root).Functions(new SyntheticHost()
            .HostDevice("0000:00:00.0").Switch(AcsControl.RequestRedirect, null, null).Endpoint("0000:05:00.1", "0000:02:02.0", memory: false).Build());
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void JsonIsOneObjectWithEveryOrderedPair()
    {
        (int code, string output, string error) = Run("p2p", "--root", _root, "--output", "json");
        Assert.Equal(0, code);
        Assert.Empty(error);
        using JsonDocument json = JsonDocument.Parse(output);
        JsonElement[] pairs = [.. json.RootElement.GetProperty("pairs").EnumerateArray()];

        // Three providers have a memory BAR; clients are these, the host device and the function without one.
        Assert.Equal(15, pairs.Length);
        Assert.Equal(15, pairs.Select(static p => (p.GetProperty("provider").GetString(), p.GetProperty("client").GetString())).Distinct().Count());
        JsonElement refused = Pair(pairs, "0000:03:00.0", "0000:04:00.0");
        Assert.Equal("notSupported", refused.GetProperty("verdict").GetString());
        Assert.Equal(-1, refused.GetProperty("distance").GetInt32());
        Assert.Contains(refused.GetProperty("remedies").EnumerateArray(), static r => r.GetString()!.Contains("pci=disable_acs_redir=0000:02:00.0", StringComparison.Ordinal));
        Assert.NotEqual(0, refused.GetProperty("reasons").GetArrayLength());
        JsonElement direct = Pair(pairs, "0000:04:00.0", "0000:05:00.0");
        Assert.Equal("busAddress", direct.GetProperty("verdict").GetString());
        Assert.Equal(4, direct.GetProperty("distance").GetInt32());
        Assert.Equal(0, direct.GetProperty("remedies").GetArrayLength());
        Assert.Equal("6.12", json.RootElement.GetProperty("kernel").GetString());
    }

    [Fact]
    public void FromAndToFilter_BothExplain()
    {
        using JsonDocument rows = JsonDocument.Parse(Run("p2p", "--root", _root, "--from", "03:00.0", "--output", "json").Output);
        Assert.Equal(5, rows.RootElement.GetProperty("pairs").GetArrayLength());
        using JsonDocument columns = JsonDocument.Parse(Run("p2p", "--root", _root, "--to", "0000:03:00.0", "--output", "json").Output);
        Assert.Equal(3, columns.RootElement.GetProperty("pairs").GetArrayLength());
        (int code, string text, _) = Run("p2p", "--root", _root, "--from", "0000:03:00.0", "--to", "0000:04:00.0");
        Assert.Equal(0, code);
        Assert.Contains("notSupported", text, StringComparison.Ordinal);
        Assert.Contains("<- redirects", text, StringComparison.Ordinal);
        Assert.Contains("setpci -s 0000:02:00.0 ECAP_ACS+6.w=0000:002c", text, StringComparison.Ordinal);
    }

    [Fact]
    public void TheMatrixNamesEveryFunctionAndDistance()
    {
        (int code, string text, _) = Run("p2p", "--root", _root);
        Assert.Equal(0, code);
        foreach (string expected in (string[])["0000:00:00.0", "0000:05:00.1", "=4", "=0", "=2", "--"])
        {
            Assert.Contains(expected, text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--from", "0000:03:00.1", "0000:03:00.0")]
    [InlineData("--to", "3", "0000:01:00.0")]
    [InlineData("--kernel", "new", "6.12")]
    public void BadInputIsOneLineOnStderrAndExitCode2(string option, string value, string expected)
    {
        (int code, string output, string error) = Run("p2p", "--root", _root, option, value);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--from", "0000:02:00.0", "0000:02:00.0 is a bridge (switch downstream port): verdicts are between functions with a type 0 header")]
    [InlineData("--to", "0000:00:01.0", "0000:00:01.0 is a bridge (root port): verdicts are between functions with a type 0 header")]
    [InlineData("--from", "0000:05:00.1", "0000:05:00.1 has no memory BAR: there is nothing to reach; it can only be --to")]
    public void PairsThatTheKernelDoesNotAnswerAreRefused_AloneAndWithAnother(string option, string address, string expected)
    {
        string other = option == "--from" ? "--to" : "--from";
        foreach (string[] more in (string[][])[[], ["--output", "json"], [other, "0000:03:00.0"], [other, "0000:03:00.0", "--output", "json"]])
        {
            (int code, string output, string error) = Run(["p2p", "--root", _root, option, address, .. more]);
            Assert.Equal(2, code);
            Assert.Empty(output);
            Assert.Equal($"physr p2p: {option}: {expected}", error.TrimEnd());
        }

        if (!expected.Contains("bridge", StringComparison.Ordinal))
        {
            Assert.Equal(0, Run("p2p", "--root", _root, "--to", address).Code);
        }
    }

    [Fact]
    public void ARelease_WhoseRulesAreNotKnown_IsNotedInTextAndJson()
    {
        foreach ((string release, string judged) in ((string, string)[])[("4.0", "6.12"), ("99.9", "7.3")])
        {
            string expected = $"the rules of Linux {release} are not known; judged by those of Linux {judged}";
            foreach (string[] form in (string[][])[[], ["--output", "json"], ["--from", "0000:03:00.0", "--to", "0000:04:00.0"]])
            {
                Assert.Contains(expected, Run(["p2p", "--root", _root, "--kernel", release, .. form]).Output, StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain("not known", Run("p2p", "--root", _root, "--kernel", "7.1").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void AnExpressFunctionCutAt256Bytes_MarksTheMatrixAndTheJson()
    {
        string path = Path.Combine(_root, "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/0000:02:01.0/config");
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..256]);
        Assert.Contains("=4?", Run("p2p", "--root", _root).Output, StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(Run("p2p", "--root", _root, "--output", "json").Output);
        JsonElement[] pairs = [.. json.RootElement.GetProperty("pairs").EnumerateArray()];
        Assert.True(Pair(pairs, "0000:04:00.0", "0000:05:00.0").GetProperty("assumed").GetBoolean());
        Assert.False(Pair(pairs, "0000:05:00.0", "0000:05:00.1").GetProperty("assumed").GetBoolean());
        Assert.Equal(1, json.RootElement.GetProperty("notes").GetArrayLength());
    }

    [SkippableFact]
    [UnsupportedOSPlatform("windows")]
    public void ARootThatMayNotBeRead_IsSaidToBeDenied()
    {
        File.SetUnixFileMode(_directory.Path, (UnixFileMode)0b111_111_111);
        foreach (UnixFileMode mode in (UnixFileMode[])[UnixFileMode.None, UnixFileMode.UserRead])
        {
            UnixFileMode before = File.GetUnixFileMode(_root);
            try
            {
                File.SetUnixFileMode(_root, mode);
                foreach (string[] arguments in (string[][])[["p2p"], ["capture", Path.Combine(_directory.Path, "denied.tar")]])
                {
                    (int code, _, string error) = Unprivileged.Run([.. arguments, "--root", _root]);
                    Assert.Equal(2, code);
                    Assert.Contains($"'{_root}' cannot be read: permission denied", error, StringComparison.Ordinal);
                }
            }
            finally
            {
                File.SetUnixFileMode(_root, before);
            }
        }
    }

    [Fact]
    public void AMissingRootOrOneWithoutATreeIsExitCode2()
    {
        Assert.Equal(2, Run("p2p", "--root", Path.Combine(_directory.Path, "nowhere")).Code);
        Assert.Equal(2, Run("p2p", "--root", Path.Combine(_root, "proc")).Code);
        Assert.Equal(2, Run("p2p", "--root", Path.Combine(_root, "proc/version")).Code);
    }

    [Fact]
    public void ACaptureIsWrittenWhole_NeverOverAnotherFile_AndJudgedAlike()
    {
        string tar = Path.Combine(_directory.Path, "out.tar");
        Assert.Equal(0, Run("capture", tar, "--root", _root).Code);
        byte[] first = File.ReadAllBytes(tar);
        (int code, _, string error) = Run("capture", tar, "--root", _root);
        Assert.Equal(2, code);
        Assert.Contains("--force", error, StringComparison.Ordinal);
        Assert.Equal(first, File.ReadAllBytes(tar));
        Assert.Equal(0, Run("capture", tar, "--root", _root, "--force").Code);
        string copy = Directory.CreateDirectory(Path.Combine(_directory.Path, "copy")).FullName;
        System.Formats.Tar.TarFile.ExtractToDirectory(tar, copy, overwriteFiles: false);
        Assert.Equal(Run("p2p", "--root", _root, "--output", "json").Output, Run("p2p", "--root", copy, "--output", "json").Output);
    }

    [Fact]
    public void AFailedCaptureLeavesNoFile()
    {
        string empty = Directory.CreateDirectory(Path.Combine(_directory.Path, "empty")).FullName;
        string target = Directory.CreateDirectory(Path.Combine(_directory.Path, "target")).FullName;
        Assert.Equal(2, Run("capture", Path.Combine(target, "out.tar"), "--root", empty).Code);
        Assert.Equal(2, Run("capture", Path.Combine(target, "no/out.tar"), "--root", _root).Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(target));
    }

    [Fact]
    public void ACaptureSaysWhatItCouldNotReadInFull()
    {
        string path = Path.Combine(_root, "sys/devices/pci0000:00/0000:00:01.0/vendor");
        File.Delete(path);
        (int code, string output, _) = Run("capture", Path.Combine(_directory.Path, "out.tar"), "--root", _root);
        Assert.Equal(0, code);
        Assert.Contains("0000:00:01.0/vendor", output, StringComparison.Ordinal);
    }

    private static JsonElement Pair(JsonElement[] pairs, string provider, string client) =>
        pairs.Single(p => p.GetProperty("provider").GetString() == provider && p.GetProperty("client").GetString() == client);

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var root = new RootCommand { P2PCommand.Create(), CaptureCommand.Create() };
        int code = root.Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
