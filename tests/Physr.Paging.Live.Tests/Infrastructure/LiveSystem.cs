// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Faults;

namespace Physr.Paging.Live.Tests;

/// <summary>What these tests need of the system.</summary>
internal static class LiveSystem
{
    private static readonly Lazy<string> s_missing = new(Look);

    /// <summary>Skips the test where the system has no userfaultfd for this user; fails it where the suite must not skip.</summary>
    public static void Require()
    {
        if (s_missing.Value.Length != 0)
        {
            Assert.False(string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.Ordinal), s_missing.Value);
            Skip.If(true, s_missing.Value);
        }
    }

    private static string Look()
    {
        Errno errno = Userfaultfd.TryCreate(FaultFeatures.MissingShmem | FaultFeatures.MinorShmem | FaultFeatures.WriteProtectShmem | FaultFeatures.Poison, out Userfaultfd? faults, out string reason);
        faults?.Dispose();
        return errno == Errno.None ? "" : $"no page faults can be served here: {reason}";
    }
}
