// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Rings;

/// <summary>How the kernel's refusal of a ring is put.</summary>
internal static class RingRefusal
{
    /// <summary>Where this system says who may have rings.</summary>
    public const string Setting = "/proc/sys/kernel/io_uring_disabled";

    /// <summary>What that setting says; empty where there is none (before Linux 6.6).</summary>
    public static string ReadSetting()
    {
        try
        {
            return File.ReadAllText(Setting).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Why there is no ring, and what would be right.</summary>
    /// <param name="errno">The kernel's answer.</param>
    /// <param name="setting">What <see cref="ReadSetting"/> gave.</param>
    public static string Reason(Errno errno, string setting) => errno switch
    {
        Errno.EPERM or Errno.EACCES when setting == "2" => "io_uring is switched off for all: sysctl kernel.io_uring_disabled=0 would allow it",
        Errno.EPERM or Errno.EACCES when setting == "1" =>
            "io_uring is switched off for this user: sysctl kernel.io_uring_disabled=0, membership in the group of kernel.io_uring_group, or CAP_SYS_ADMIN would allow it",
        Errno.EPERM or Errno.EACCES => "io_uring is refused, most likely by a seccomp profile (as of a container): one that allows io_uring_setup, io_uring_enter and io_uring_register is needed",
        Errno.ENOSYS => "the kernel has no io_uring (Linux 5.6 or later with CONFIG_IO_URING is needed), or a seccomp profile hides it",
        Errno.ENOMEM => "there is no memory for a ring, or RLIMIT_MEMLOCK is too low for one (before Linux 5.12)",
        Errno.EMFILE or Errno.ENFILE => "too many files are open for one more ring",
        Errno.EINVAL => "a ring has between 1 and 32768 entries",
        _ => $"the kernel refuses a ring: {errno}",
    };
}
