// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli;

/// <summary>Which driver a device has, by sysfs.</summary>
internal static class SysfsDrivers
{
    private static readonly EnumerationOptions s_oneLevel = new() { IgnoreInaccessible = true };

    /// <summary>The driver of a device on any bus; null where sysfs does not say.</summary>
    /// <param name="root">Where <c>sys</c> is.</param>
    /// <param name="device">The device's name; one that is no file's name is on no bus.</param>
    internal static string? Find(string root, string device)
    {
        if (device is "." or ".." || device.Contains('/') || device.Contains('\0'))
        {
            return null;
        }

        string buses = Path.Combine(root, "sys/bus");
        return !Directory.Exists(buses) ? null : Directory.EnumerateDirectories(buses, "*", s_oneLevel)
            .Select(bus => new FileInfo(Path.Combine(bus, "devices", device, "driver")).LinkTarget)
            .OfType<string>()
            .Select(Path.GetFileName)
            .FirstOrDefault();
    }
}
