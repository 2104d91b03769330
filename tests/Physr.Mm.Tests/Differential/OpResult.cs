// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Mm.Tests.Differential;

/// <summary>What an operation answered.</summary>
internal readonly record struct OpResult
{
    public const byte SIGBUS = 7;
    public const byte SIGSEGV = 11;
    public const short SEGV_MAPERR = 1;
    public const short SEGV_ACCERR = 2;
    public const short BUS_ADRERR = 2;

    private OpResult(ResultKind kind, byte signal, short code, ulong payload) => (Kind, SignalNumber, Code, Payload) = (kind, signal, code, payload);

    public ResultKind Kind { get; }

    public byte SignalNumber { get; }

    /// <summary>The error number; the signal's <c>si_code</c>; for <c>pread</c> how many bytes were read.</summary>
    public short Code { get; }

    /// <summary>The value: an address for mmap and mremap, the child for fork, the byte or word read, how many bytes pwrite wrote, else 0. For a signal its <c>si_addr</c>.</summary>
    public ulong Payload { get; }

    /// <summary>The agent's form of it: see <c>struct result</c> in <c>agent.c</c>.</summary>
    public static OpResult Decode(ReadOnlySpan<byte> from) => new((ResultKind)from[0], from[1], BinaryPrimitives.ReadInt16LittleEndian(from[2..]), BinaryPrimitives.ReadUInt64LittleEndian(from[8..]));

    public static OpResult NotRun { get; } = new(ResultKind.NotRun, 0, 0, 0);

    public static OpResult Value(ulong value, int code = 0) => new(ResultKind.Value, 0, (short)code, value);

    public static OpResult Refused(Errno errno) => new(ResultKind.Errno, 0, (short)errno, 0);

    public static OpResult Signal(byte signal, short code, ulong address) => new(ResultKind.Signal, signal, code, address);

    public override string ToString() => Kind switch
    {
        ResultKind.Value => Code == 0 ? $"0x{Payload:x}" : $"0x{Payload:x} ({Code} bytes)",
        ResultKind.Errno => ((Errno)Code).ToString(),
        ResultKind.Signal => $"{(SignalNumber, Code) switch { (SIGSEGV, SEGV_MAPERR) => "SIGSEGV/SEGV_MAPERR", (SIGSEGV, SEGV_ACCERR) => "SIGSEGV/SEGV_ACCERR", (SIGBUS, BUS_ADRERR) => "SIGBUS/BUS_ADRERR", _ => $"signal {SignalNumber}, code {Code}" }} at {Arena.Name(Payload)}",
        _ => "not run",
    };
}
