// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;

namespace Physr.Linux.Tests.Mapped;

/// <summary>A file as a block device.</summary>
internal static class LoopDevice
{
    /// <summary>Makes a device of a file, or skips the test.</summary>
    public static string Attach(string path, int sector = 512)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess && File.Exists("/dev/loop-control") && File.Exists("/usr/sbin/losetup"), "loop devices need root, /dev/loop-control and losetup");
        Skip.IfNot(Run("/usr/sbin/losetup", out string device, "-f", "--show", "--sector-size", $"{sector}", path) == 0, "no loop device is to be had");
        return device.Trim();
    }

    /// <summary>Takes it away.</summary>
    public static void Detach(string device) => Assert.Equal(0, Run("/usr/sbin/losetup", "-d", device));

    /// <summary>Runs a program to its end.</summary>
    public static int Run(string program, params string[] arguments) => Run(program, out _, arguments);

    private static int Run(string program, out string output, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        output = process.StandardOutput.ReadToEnd();
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
