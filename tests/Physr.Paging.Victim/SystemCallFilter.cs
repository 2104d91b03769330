// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Paging.Victim;

/// <summary>Has the kernel refuse this thread userfaultfd, as a container's seccomp profile does.</summary>
internal static unsafe partial class SystemCallFilter
{
    private const int SetNoNewPrivileges = 38;
    private const int SetSeccomp = 22;
    private const int ModeFilter = 2;
    private const ushort Load = 0x20, JumpIfEqual = 0x15, Return = 0x06;
    private const uint Allow = 0x7fff0000, RefuseWithEperm = 0x00050001;
    private const uint NumberAt = 0, SecondArgumentAt = 24, IoctlNewUserfaultfd = 0xaa00;

    /// <summary>Forbids both ways: the system call, and the device's ioctl.</summary>
    /// <returns>0, or the error number.</returns>
    public static int TryForbidUserfaultfd()
    {
        (uint userfaultfd, uint ioctl) = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? (282u, 29u) : (323u, 16u);
        Instruction* code = stackalloc Instruction[]
        {
            new(Load, 0, 0, NumberAt),
            new(JumpIfEqual, 4, 0, userfaultfd),
            new(JumpIfEqual, 0, 2, ioctl),
            new(Load, 0, 0, SecondArgumentAt),
            new(JumpIfEqual, 1, 0, IoctlNewUserfaultfd),
            new(Return, 0, 0, Allow),
            new(Return, 0, 0, RefuseWithEperm),
        };
        FilterProgram program = new(7, code);
        bool isSet = Control(SetNoNewPrivileges, 1, 0, 0, 0) == 0 && Control(SetSeccomp, ModeFilter, (nuint)(&program), 0, 0) == 0;
        return isSet ? 0 : Marshal.GetLastPInvokeError();
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Control(int option, nuint first, nuint second, nuint third, nuint fourth);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Instruction(ushort code, byte then, byte otherwise, uint value)
    {
        public readonly ushort Code = code;
        public readonly byte Then = then;
        public readonly byte Otherwise = otherwise;
        public readonly uint Value = value;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct FilterProgram(ushort length, Instruction* code)
    {
        public readonly ushort Length = length;
        public readonly Instruction* Code = code;
    }
}
