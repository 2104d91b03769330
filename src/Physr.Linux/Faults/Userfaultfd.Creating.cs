// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Faults;

/// <content>Making one, or taking one over.</content>
public sealed partial class Userfaultfd
{
    private const string Kind = "anon_inode:[userfaultfd]";

    /// <summary>Makes one for this process. Tried in turn: <c>/dev/userfaultfd</c>; the call, for all faults; the call, for those of the program itself alone (<see cref="IsUserModeOnly"/>).</summary>
    /// <param name="features">What is needed.</param>
    /// <param name="uffd">The object; null on failure.</param>
    /// <param name="reason">Why not, and what to set; empty on success.</param>
    /// <returns><see cref="Errno.EPERM"/> where this process may not; <see cref="Errno.ENOSYS"/> where the kernel has none; <see cref="Errno.EOPNOTSUPP"/> where a feature is missing;
    /// <see cref="Errno.EMFILE"/>, <see cref="Errno.ENFILE"/>, <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno TryCreate(FaultFeatures features, out Userfaultfd? uffd, out string reason) => TryCreate(features, UserfaultfdCalls.Kernel, out uffd, out reason);

    /// <summary>What this kernel has; <see cref="FaultFeatures.None"/> also where it is refused. Makes one and closes it.</summary>
    public static FaultFeatures SupportedFeatures() => SupportedFeatures(UserfaultfdCalls.Kernel);

    /// <summary>Takes over a descriptor that another process sent, to serve its faults.</summary>
    /// <param name="received">The descriptor. This object closes it from now on, unless the call fails.</param>
    /// <param name="uffd">The object; null on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EBADF"/> for what is closed; <see cref="Errno.EINVAL"/> for what is no userfaultfd, or would make readers wait.</returns>
    public static Errno TryAdopt(SafeFileHandle received, out Userfaultfd? uffd, out string reason)
    {
        uffd = null;
        Errno errno = DescriptorKind.TryOf(received, out string kind, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (!string.Equals(kind, Kind, StringComparison.Ordinal))
        {
            reason = $"a userfaultfd is needed, and this is {kind}";
            return Errno.EINVAL;
        }

        if (((OpenFlags)LibC.Fcntl(received, DescriptorCommand.F_GETFL, 0) & OpenFlags.O_NONBLOCK) == default)
        {
            reason = "this userfaultfd was made without O_NONBLOCK: its readers would wait, and cannot be waited for";
            return Errno.EINVAL;
        }

        uffd = new(received, isUserModeOnly: false);
        return Errno.None;
    }

    /// <summary>As <see cref="TryCreate(FaultFeatures, out Userfaultfd?, out string)"/>, over other calls.</summary>
    internal static Errno TryCreate(FaultFeatures features, UserfaultfdCalls calls, out Userfaultfd? uffd, out string reason)
    {
        uffd = null;
        Errno errno = TryOpen(calls, out SafeFileHandle? file, out bool isUserModeOnly, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        UffdioApi api = new() { Api = UffdioApi.Version, Features = (UffdFeature)features };
        errno = calls.ShakeHands(file!, ref api);
        if (errno == Errno.None)
        {
            uffd = new(file!, isUserModeOnly);
            return Errno.None;
        }

        file!.Dispose();
        FaultFeatures missing = features & ~SupportedFeatures(calls);
        (errno, reason) = errno switch
        {
            Errno.EINVAL when missing != FaultFeatures.None => (Errno.EOPNOTSUPP, $"this kernel's userfaultfd lacks {Name(missing)}"),
            Errno.EPERM when features.HasFlag(FaultFeatures.EventFork) => (Errno.EPERM, "to be told of forks a process needs CAP_SYS_PTRACE"),
            _ => (errno, $"userfaultfd refused the features {features}: the kernel says {errno}"),
        };
        return errno;
    }

    /// <summary>As <see cref="SupportedFeatures()"/>, over other calls.</summary>
    internal static FaultFeatures SupportedFeatures(UserfaultfdCalls calls)
    {
        if (TryOpen(calls, out SafeFileHandle? file, out _, out _) != Errno.None)
        {
            return FaultFeatures.None;
        }

        UffdioApi api = new() { Api = UffdioApi.Version };
        Errno errno = calls.ShakeHands(file!, ref api);
        file!.Dispose();
        return errno == Errno.None ? (FaultFeatures)api.Features : FaultFeatures.None;
    }

    private static Errno TryOpen(UserfaultfdCalls calls, out SafeFileHandle? file, out bool isUserModeOnly, out string reason)
    {
        isUserModeOnly = false;
        reason = "";
        if (!OperatingSystem.IsLinux())
        {
            (file, reason) = (null, "userfaultfd is a call of Linux");
            return Errno.ENOSYS;
        }

        if (calls.FromDevice(out file) == Errno.None)
        {
            return Errno.None;
        }

        Errno errno = calls.FromCall(isUserModeOnly: false, out file);
        if (errno == Errno.EPERM)
        {
            isUserModeOnly = true;
            errno = calls.FromCall(isUserModeOnly: true, out file);

            // Linux before 5.11 does not know the flag: what it refused first is the answer.
            errno = errno == Errno.EINVAL ? Errno.EPERM : errno;
        }

        reason = errno switch
        {
            Errno.None => "",
            Errno.EPERM or Errno.EACCES => $"userfaultfd is refused ({errno}): let this user open /dev/userfaultfd, or set vm.unprivileged_userfaultfd=1, or give the process CAP_SYS_PTRACE; in a container, use a "
                + "seccomp profile that allows userfaultfd(2)",
            Errno.ENOSYS => "this kernel has no userfaultfd (CONFIG_USERFAULTFD), or a seccomp profile hides it: use one that allows userfaultfd(2)",
            Errno.EMFILE or Errno.ENFILE => "too many files are open",
            _ => $"userfaultfd is refused: the kernel says {errno}",
        };
        return errno;
    }

    private static string Name(FaultFeatures missing) =>
        string.Join(", ", Enum.GetValues<FaultFeatures>().Where(feature => feature != FaultFeatures.None && missing.HasFlag(feature)).Select(static feature => $"{feature} (Linux {FirstLinux(feature)})"));

    private static string FirstLinux(FaultFeatures feature) => feature switch
    {
        FaultFeatures.PagefaultFlagWriteProtect => "5.7",
        FaultFeatures.Sigbus or FaultFeatures.ThreadId => "4.14",
        FaultFeatures.MinorHugetlbfs => "5.13",
        FaultFeatures.MinorShmem => "5.14",
        FaultFeatures.ExactAddress => "5.18",
        FaultFeatures.WriteProtectShmem => "5.19",
        FaultFeatures.WriteProtectUnpopulated => "6.4",
        FaultFeatures.Poison => "6.6",
        FaultFeatures.WriteProtectAsync => "6.7",
        FaultFeatures.Move => "6.8",
        _ => "4.11",
    };
}
