// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Live.Tests;

/// <summary>The victim as a user without rights (65534), on a copy of it that this user may read.</summary>
internal sealed class Nobody : IDisposable
{
    private const string SetPriv = "/usr/bin/setpriv";

    private readonly TemporaryFolder _folder = new();

    /// <summary>Copies it. Skips where that user cannot be become; fails where the suite must not skip.</summary>
    public Nobody()
    {
        string missing = !Environment.IsPrivilegedProcess ? "only root can become another user" : !File.Exists(SetPriv) ? "setpriv (util-linux) is needed to become another user" : "";
        Assert.False(missing.Length != 0 && Environment.GetEnvironmentVariable("CI") == "true", missing);
        Skip.If(missing.Length != 0, missing);
        Open(_folder.Path);
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory, "Physr.*"))
        {
            string copy = _folder.File(Path.GetFileName(file));
            File.Copy(file, copy);
            Open(copy);
        }

        Own = Directory.CreateDirectory(_folder.File("own")).FullName;
        File.SetUnixFileMode(Own, (UnixFileMode)0b111_111_111);
    }

    /// <summary>A folder in which that user may write.</summary>
    public string Own { get; }

    /// <summary>Lets everybody read a file, or enter a folder.</summary>
    public static void Open(string path) => File.SetUnixFileMode(path, (UnixFileMode)(Directory.Exists(path) ? 0b111_101_101 : 0b110_100_100));

    /// <summary>Starts it.</summary>
    public Victim Start(params string[] args) =>
        Victim.Start(SetPriv, ["--reuid=65534", "--regid=65534", "--clear-groups", Victim.Dotnet, _folder.File("Physr.Paging.Victim.dll"), .. args]);

    public void Dispose() => _folder.Dispose();
}
