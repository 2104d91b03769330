// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Tests;

/// <summary>Huge pages for as long as a test needs some. What they are is the whole system's, so tests that use this are one collection.</summary>
internal sealed class HugePages : IDisposable
{
    public const string Collection = "huge pages";

    /// <summary>How many may be made beyond those that are set aside.</summary>
    public const string Surplus = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_overcommit_hugepages";

    private readonly string _before;

    private HugePages(string before) => _before = before;

    /// <summary>Lets processes have some, or skips the test.</summary>
    public static HugePages Allow(string count)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess && File.Exists(Surplus), "only root lets processes have huge pages");
        string before = File.ReadAllText(Surplus);
        try
        {
            File.WriteAllText(Surplus, count);
        }
        catch (IOException exception)
        {
            Skip.If(true, exception.Message);
        }

        return new(before);
    }

    public void Dispose() => File.WriteAllText(Surplus, _before);
}
