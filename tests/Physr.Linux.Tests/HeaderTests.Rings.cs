// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Tests;

/// <content>io_uring. Of the compressors there need not be headers here: theirs is proved by what they do (<see cref="Compression.PageCompressorTests"/>).</content>
public sealed partial class HeaderTests
{
    internal static HeaderTable Rings { get; } = new()
    {
        Headers = ["sys/syscall.h", "linux/io_uring.h"],
        Structures = new()
        {
            [typeof(IoUringParameters)] = ("io_uring_params",
                ["sq_entries", "cq_entries", "flags", "features", "sq_off.head", "sq_off.tail", "sq_off.flags", "sq_off.array", "cq_off.head", "cq_off.tail", "cq_off.cqes"]),
            [typeof(IoUringEntry)] = ("io_uring_sqe", ["opcode", "fd", "off", "addr", "len", "rw_flags", "user_data"]),
            [typeof(IoUringCompletion)] = ("io_uring_cqe", ["user_data", "res"]),
        },
    };

    [SkippableFact]
    public void TheCallsOfIoUringHaveTheseNumbers() => Assert.Equal("", CCompiler.Check(Preamble + $"""
        _Static_assert(SYS_io_uring_setup == {SystemCall.SYS_io_uring_setup}, "setup");
        _Static_assert(SYS_io_uring_enter == {SystemCall.SYS_io_uring_enter}, "enter");
        _Static_assert(SYS_io_uring_register == {SystemCall.SYS_io_uring_register}, "register");
        """));
}
