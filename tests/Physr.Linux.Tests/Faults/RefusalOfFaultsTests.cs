// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Faults;
using Physr.Linux.Interop;
using Physr.Linux.Memory;
using Physr.Linux.Tests.Infrastructure;

namespace Physr.Linux.Tests.Faults;

/// <summary>Who gets a userfaultfd, by which way, and what is said to who does not.</summary>
public sealed class RefusalOfFaultsTests
{
    [SkippableFact]
    public void TheDeviceIsTriedFirst_ThenTheCall()
    {
        FaultRig.Create(FaultFeatures.None).Dispose();
        Skip.IfNot(File.Exists("/dev/userfaultfd") && Environment.IsPrivilegedProcess, "/dev/userfaultfd is not there, or not for this user");
        AnsweringCalls device = new();
        Assert.Equal(Errno.None, Userfaultfd.TryCreate(FaultFeatures.None, device, out Userfaultfd? first, out string reason));
        Assert.Equal(("", false, "device"), (reason, first!.IsUserModeOnly, string.Join(' ', device.Asked)));
        AnsweringCalls call = new() { Device = Errno.EACCES };
        Assert.Equal(Errno.None, Userfaultfd.TryCreate(FaultFeatures.None, call, out Userfaultfd? second, out _));
        Assert.Equal((false, "device call"), (second!.IsUserModeOnly, string.Join(' ', call.Asked)));
        first.Dispose();
        second.Dispose();
    }

    [SkippableFact]
    public void AnUnprivilegedUserGetsFaultsOfTheProgramItself_AndThoseOfTheKernelFail()
    {
        FaultRig.Create(FaultFeatures.None).Dispose();
        Skip.If(File.ReadAllText("/proc/sys/vm/unprivileged_userfaultfd").Trim() != "0", "vm.unprivileged_userfaultfd is set: every user gets all faults here");
        Assert.Equal(Errno.None, Mapping.TryMapAnonymous(FaultRig.Page, false, out Mapping? memory, out _));
        using Mapping page = memory!;
        using Userfaultfd uffd = OwnThread.Run(() =>
        {
            OwnThread.BecomeNobody();
            Errno errno = Userfaultfd.TryCreate(FaultFeatures.None, out Userfaultfd? made, out string reason);
            Skip.If(errno != Errno.None, reason);
            return made!;
        });
        Skip.IfNot(uffd.IsUserModeOnly, "every user may open /dev/userfaultfd here");
        Assert.Equal(Errno.None, uffd.TryRegister(page.Address, page.Length, FaultModes.Missing, out _));
        Assert.Equal(Errno.EFAULT, page.Advise(page.Address, page.Length, MemoryAdvice.PopulateRead));
        Assert.Equal(-(int)Errno.EAGAIN, uffd.Read(new FaultEvent[1]));
    }

    [SkippableFact]
    public void ASeccompProfileThatForbidsItIsNamed()
    {
        FaultRig.Create(FaultFeatures.None).Dispose();
        (Errno errno, string reason) = OwnThread.Run(() =>
        {
            OwnThread.BecomeNobody();
            OwnThread.Forbid(SystemCall.SYS_userfaultfd);
            Errno refused = Userfaultfd.TryCreate(FaultFeatures.None, out Userfaultfd? made, out string why);
            Skip.If(refused == Errno.None, "every user may open /dev/userfaultfd here");
            Assert.Null(made);
            Assert.Equal(FaultFeatures.None, Userfaultfd.SupportedFeatures());
            return (refused, why);
        });
        Assert.Equal(Errno.EPERM, errno);
        Assert.All((string[])["/dev/userfaultfd", "vm.unprivileged_userfaultfd=1", "CAP_SYS_PTRACE", "seccomp"], word => Assert.Contains(word, reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Errno.ENOSYS, Errno.ENOSYS, Errno.ENOSYS, "CONFIG_USERFAULTFD", "device call")]
    [InlineData(Errno.EPERM, Errno.EINVAL, Errno.EPERM, "CAP_SYS_PTRACE", "device call user-mode-only")]
    [InlineData(Errno.EMFILE, Errno.EMFILE, Errno.EMFILE, "too many files", "device call")]
    [InlineData(Errno.ENOMEM, Errno.ENOMEM, Errno.ENOMEM, "ENOMEM", "device call")]
    public void WhatTheKernelSaysIsPutAsWhatToDo(Errno call, Errno userModeOnly, Errno expected, string word, string asked)
    {
        AnsweringCalls calls = new() { Device = Errno.ENOENT, Call = call, UserModeOnly = userModeOnly };
        Assert.Equal(expected, Userfaultfd.TryCreate(FaultFeatures.None, calls, out Userfaultfd? uffd, out string reason));
        Assert.Null(uffd);
        Assert.Contains(word, reason, StringComparison.Ordinal);
        Assert.Equal(asked, string.Join(' ', calls.Asked));
    }

    [SkippableFact]
    public void AMissingFeatureIsNamed_WithTheLinuxThatHasIt()
    {
        FaultRig.Create(FaultFeatures.None).Dispose();
        AnsweringCalls old = new() { Known = UffdFeature.UFFD_FEATURE_MISSING_SHMEM | UffdFeature.UFFD_FEATURE_THREAD_ID };
        Assert.Equal(Errno.EOPNOTSUPP, Userfaultfd.TryCreate(FaultFeatures.ThreadId | FaultFeatures.Poison | FaultFeatures.Move, old, out _, out string reason));
        Assert.Contains("Poison (Linux 6.6), Move (Linux 6.8)", reason, StringComparison.Ordinal);
        Assert.DoesNotContain("ThreadId", reason, StringComparison.Ordinal);
        Assert.Equal(FaultFeatures.MissingShmem | FaultFeatures.ThreadId, Userfaultfd.SupportedFeatures(old));
        Assert.Equal(Errno.EOPNOTSUPP, Userfaultfd.TryCreate((FaultFeatures)(1UL << 40), out _, out _));
    }

    [SkippableFact]
    public void OnlyAUserfaultfdIsTakenOver_AndAnythingElseStaysTheCallers()
    {
        using Userfaultfd own = FaultRig.Create(FaultFeatures.None);
        using Pipe pipe = new();
        Assert.Equal(Errno.EINVAL, Userfaultfd.TryAdopt(pipe.Reading, out Userfaultfd? uffd, out string reason));
        Assert.Null(uffd);
        Assert.Contains("pipe:", reason, StringComparison.Ordinal);
        Assert.False(pipe.Reading.IsClosed);
        using SafeFileHandle closed = new(-1, ownsHandle: true);
        Assert.Equal(Errno.EBADF, Userfaultfd.TryAdopt(closed, out _, out _));
        SafeFileHandle copy = new(LibC.Fcntl(own.Handle, DescriptorCommand.F_DUPFD_CLOEXEC, 0), ownsHandle: true);
        Assert.Equal(Errno.None, Userfaultfd.TryAdopt(copy, out uffd, out reason));
        Assert.Equal((-(int)Errno.EAGAIN, ""), (uffd!.Read(new FaultEvent[1]), reason));
        uffd.Dispose();
        Assert.True(copy.IsClosed);
        Assert.False(own.Handle.IsClosed);
        Assert.Equal(0, LibC.Fcntl(own.Handle, DescriptorCommand.F_SETFL, 0));
        Assert.Equal(Errno.EINVAL, Userfaultfd.TryAdopt(own.Handle, out _, out reason));
        Assert.Contains("O_NONBLOCK", reason, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void ARangeThatCannotBeRegisteredIsExplained()
    {
        using FaultRig rig = FaultRig.Anonymous(FaultFeatures.None, FaultModes.Missing);
        Assert.Equal(Errno.EINVAL, rig.Uffd.TryRegister(rig.Memory.Address + 1, FaultRig.Page, FaultModes.Missing, out string reason));
        Assert.Contains("multiples of", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, rig.Uffd.TryRegister(rig.Memory.Address, FaultRig.Page, FaultModes.None, out _));
        using Userfaultfd other = FaultRig.Create(FaultFeatures.None);
        Assert.Equal(Errno.EBUSY, other.TryRegister(rig.Memory.Address, rig.Memory.Length, FaultModes.Missing, out reason));
        Assert.Contains("another userfaultfd", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, rig.Uffd.TryUnregister(rig.Memory.Address, rig.Memory.Length));
        Assert.Equal(Errno.ENOENT, rig.Uffd.ZeroPage(rig.At(0), FaultRig.Page, true, out nuint done));
        Assert.Equal(0u, done);
        Assert.Equal(Errno.None, other.TryRegister(rig.Memory.Address, rig.Memory.Length, FaultModes.Missing, out reason));
        Assert.Equal("", reason);
    }

    /// <summary>The kernel, except where a test has another answer; and what was asked, in order.</summary>
    private sealed class AnsweringCalls : UserfaultfdCalls
    {
        public Errno Device { get; init; }

        public Errno Call { get; init; }

        public Errno UserModeOnly { get; init; }

        /// <summary>All features that there are; none: as the kernel has them.</summary>
        public UffdFeature Known { get; init; }

        public List<string> Asked { get; } = [];

        public override Errno FromDevice(out SafeFileHandle? file)
        {
            Asked.Add("device");
            file = null;
            return Device != Errno.None ? Device : base.FromDevice(out file);
        }

        public override Errno FromCall(bool isUserModeOnly, out SafeFileHandle? file)
        {
            Asked.Add(isUserModeOnly ? "user-mode-only" : "call");
            file = null;
            Errno answer = isUserModeOnly ? UserModeOnly : Call;
            return answer != Errno.None ? answer : base.FromCall(isUserModeOnly, out file);
        }

        public override Errno ShakeHands(SafeFileHandle file, ref UffdioApi api)
        {
            if (Known != default && (api.Features & ~Known) != default)
            {
                return Errno.EINVAL;
            }

            Errno errno = base.ShakeHands(file, ref api);
            api.Features = Known != default ? Known : api.Features;
            return errno;
        }
    }
}
