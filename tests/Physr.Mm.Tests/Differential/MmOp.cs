// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Mm.Tests.Differential;

/// <summary>
/// One operation of one process. Addresses and lengths are in bytes, so that the invalid ones can be said too. An operation of a process that is not there,
/// a fork of a fourth process and the exit of the last one are not run, in any world.
/// </summary>
internal abstract record MmOp(int Process)
{
    /// <summary>What the agent reads of one operation, in bytes.</summary>
    public const int EncodedSize = 40;

    public sealed override string ToString() => $"P{Process}: {Text}";

    protected abstract string Text { get; }

    /// <summary>The agent's form of this: see <c>struct op</c> in <c>agent.c</c>.</summary>
    public abstract void Encode(Span<byte> to);

    private protected void Put(Span<byte> to, int kind, Protection protection = Protection.PROT_NONE, int file = 255, int flags = 0, ulong address = 0, ulong length = 0, ulong third = 0, ulong fourth = 0)
    {
        to[0] = (byte)kind;
        to[1] = (byte)Process;
        to[2] = (byte)protection;
        to[3] = (byte)file;
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], flags);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], length);
        BinaryPrimitives.WriteUInt64LittleEndian(to[24..], third);
        BinaryPrimitives.WriteUInt64LittleEndian(to[32..], fourth);
    }

    /// <summary><c>mmap</c>; <paramref name="File"/> is 0, 1, or -1 for none, <paramref name="Offset"/> in bytes.</summary>
    public sealed record Mmap(int Process, ulong Address, ulong Length, Protection Protection, MapFlags Flags, int File, ulong Offset) : MmOp(Process)
    {
        protected override string Text => $"mmap({Arena.Name(Address)}, {Arena.Length(Length)}, {Protection}, {Flags.ToString().Replace(", ", "|")}, {(File < 0 ? "-1" : $"file {File}")}, {Arena.Length(Offset)})".Replace("PROT_READ, PROT_WRITE", "PROT_READ|PROT_WRITE");

        public override void Encode(Span<byte> to) => Put(to, 0, Protection, File < 0 ? 255 : File, (int)Flags, Address, Length, Offset);
    }

    public sealed record Munmap(int Process, ulong Address, ulong Length) : MmOp(Process)
    {
        protected override string Text => $"munmap({Arena.Name(Address)}, {Arena.Length(Length)})";

        public override void Encode(Span<byte> to) => Put(to, 1, address: Address, length: Length);
    }

    public sealed record Mprotect(int Process, ulong Address, ulong Length, Protection Protection) : MmOp(Process)
    {
        protected override string Text => $"mprotect({Arena.Name(Address)}, {Arena.Length(Length)}, {Protection.ToString().Replace(", ", "|")})";

        public override void Encode(Span<byte> to) => Put(to, 2, Protection, address: Address, length: Length);
    }

    public sealed record Madvise(int Process, ulong Address, ulong Length, Advice Advice) : MmOp(Process)
    {
        protected override string Text => $"madvise({Arena.Name(Address)}, {Arena.Length(Length)}, {Advice})";

        public override void Encode(Span<byte> to) => Put(to, 3, flags: (int)Advice, address: Address, length: Length);
    }

    public sealed record Mremap(int Process, ulong Address, ulong OldLength, ulong NewLength, RemapFlags Flags, ulong NewAddress) : MmOp(Process)
    {
        protected override string Text => $"mremap({Arena.Name(Address)}, {Arena.Length(OldLength)}, {Arena.Length(NewLength)}, {Flags.ToString().Replace(", ", "|")}{(Flags.HasFlag(RemapFlags.MREMAP_FIXED) ? $", {Arena.Name(NewAddress)}" : string.Empty)})";

        public override void Encode(Span<byte> to) => Put(to, 4, flags: (int)Flags, address: Address, length: OldLength, third: NewLength, fourth: NewAddress);
    }

    /// <summary>Loads one byte.</summary>
    public sealed record Read(int Process, ulong Address) : MmOp(Process)
    {
        protected override string Text => $"read {Arena.Name(Address)}";

        public override void Encode(Span<byte> to) => Put(to, 5, address: Address);
    }

    /// <summary>Stores eight bytes, little-endian; the address is a multiple of eight.</summary>
    public sealed record Write(int Process, ulong Address, ulong Value) : MmOp(Process)
    {
        protected override string Text => $"write {Arena.Name(Address)} = 0x{Value:x}";

        public override void Encode(Span<byte> to) => Put(to, 6, address: Address, third: Value);
    }

    /// <summary>The child gets the lowest number that is free; that number is the answer.</summary>
    public sealed record Fork(int Process) : MmOp(Process)
    {
        protected override string Text => "fork()";

        public override void Encode(Span<byte> to) => Put(to, 7);
    }

    public sealed record Exit(int Process) : MmOp(Process)
    {
        protected override string Text => "exit()";

        public override void Encode(Span<byte> to) => Put(to, 8);
    }

    public sealed record Ftruncate(int Process, int File, ulong Length) : MmOp(Process)
    {
        protected override string Text => $"ftruncate(file {File}, {Arena.Length(Length)})";

        public override void Encode(Span<byte> to) => Put(to, 9, file: File, length: Length);
    }

    /// <summary>Reads eight bytes of a file. The answer's value is what was read, its code how many bytes.</summary>
    public sealed record Pread(int Process, int File, ulong Offset) : MmOp(Process)
    {
        protected override string Text => $"pread(file {File}, 8 bytes at 0x{Offset:x})";

        public override void Encode(Span<byte> to) => Put(to, 10, file: File, length: Offset);
    }

    /// <summary>Writes eight bytes, little-endian, to a file.</summary>
    public sealed record Pwrite(int Process, int File, ulong Offset, ulong Value) : MmOp(Process)
    {
        protected override string Text => $"pwrite(file {File}, 8 bytes at 0x{Offset:x}, 0x{Value:x})";

        public override void Encode(Span<byte> to) => Put(to, 11, file: File, length: Offset, third: Value);
    }

    /// <summary><c>fallocate</c> with <c>FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE</c>.</summary>
    public sealed record PunchHole(int Process, int File, ulong Offset, ulong Length) : MmOp(Process)
    {
        protected override string Text => $"punch hole(file {File}, from 0x{Offset:x}, {Arena.Length(Length)})";

        public override void Encode(Span<byte> to) => Put(to, 12, file: File, length: Offset, third: Length);
    }
}
