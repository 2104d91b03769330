// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Faults;

namespace Physr.Cli.Tests.Page;

/// <summary>What a test needs whose pages come by faults.</summary>
internal static class PageFaults
{
    /// <summary>Skips where userfaultfd is refused, and says why; fails in CI.</summary>
    public static void Need()
    {
        Errno errno = Userfaultfd.TryCreate(FaultFeatures.None, out Userfaultfd? faults, out string reason);
        faults?.Dispose();
        Assert.False(errno != Errno.None && Environment.GetEnvironmentVariable("CI") == "true", reason);
        Skip.If(errno != Errno.None, reason);
    }
}
