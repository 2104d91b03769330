// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Live.Tests;

/// <summary>A folder that goes with the test; in memory where that can be had: there an <c>msync</c> takes no time, and most kills fall between stores.</summary>
internal sealed class KillFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Make();

    public string File(string name) => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);

    private static DirectoryInfo Make()
    {
        const string Memory = "/dev/shm";
        try
        {
            return Directory.Exists(Memory) ? Directory.CreateDirectory(Path.Combine(Memory, $"physr-kill-{Guid.NewGuid():n}")) : Directory.CreateTempSubdirectory("physr-kill-");
        }
        catch (UnauthorizedAccessException)
        {
            return Directory.CreateTempSubdirectory("physr-kill-");
        }
    }
}
