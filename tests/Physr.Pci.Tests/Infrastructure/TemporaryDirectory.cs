// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Tests.Infrastructure;

/// <summary>A directory that is gone after the test; links in it are not followed when it goes.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("physr-pci-").FullName;

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
