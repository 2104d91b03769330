// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Text;

namespace Physr.Paging.Stores;

/// <content>Its bytes, least significant first: version and kind (1 each), flags (2), level (4), time limit (4), length (8), three texts (each 2 for its length, and UTF-8), failures (1 for their number, and
/// each 1 + 4 + 4 + 8 + 8).</content>
internal sealed partial record StoreSpec
{
    private const byte Version = 1;
    private const int FixedBytes = 20;
    private const int FailureBytes = 25;
    private const ushort BufferedFlag = 1;

    private static readonly UTF8Encoding s_text = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>How many bytes it takes.</summary>
    public int Bytes => FixedBytes + (3 * sizeof(ushort)) + Count(Path) + Count(TypeName) + Count(Argument) + 1 + (Failures.Length * FailureBytes);

    /// <summary>Writes it.</summary>
    /// <param name="destination"><see cref="Bytes"/> of them, which are <see cref="MostBytes"/> at most: whoever made it saw to that.</param>
    /// <returns>How many were written.</returns>
    public int Write(Span<byte> destination)
    {
        destination[0] = Version;
        destination[1] = (byte)Kind;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], AllowsBuffered ? BufferedFlag : (ushort)0);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], Level);
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], TimeLimitMs);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[12..], Length);
        int at = FixedBytes;
        foreach (string text in (ReadOnlySpan<string>)[Path, TypeName, Argument])
        {
            int count = s_text.GetBytes(text, destination[(at + sizeof(ushort))..]);
            BinaryPrimitives.WriteUInt16LittleEndian(destination[at..], (ushort)count);
            at += sizeof(ushort) + count;
        }

        destination[at++] = (byte)Failures.Length;
        foreach (StoreFailure failure in Failures)
        {
            destination[at] = (byte)failure.Call;
            BinaryPrimitives.WriteInt32LittleEndian(destination[(at + 1)..], (int)failure.Errno);
            BinaryPrimitives.WriteInt32LittleEndian(destination[(at + 5)..], failure.DelayMs);
            BinaryPrimitives.WriteUInt64LittleEndian(destination[(at + 9)..], failure.First);
            BinaryPrimitives.WriteUInt64LittleEndian(destination[(at + 17)..], failure.Count);
            at += FailureBytes;
        }

        return at;
    }

    /// <summary>Reads one that may be anything.</summary>
    /// <param name="bytes">All of it, and nothing else.</param>
    /// <param name="spec">It; null on failure.</param>
    /// <param name="reason">What is wrong; empty on success.</param>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out StoreSpec? spec, out string reason)
    {
        spec = null;
        reason = bytes.Length is < FixedBytes or > MostBytes ? $"a store's description has {FixedBytes} to {MostBytes} bytes, and this has {bytes.Length}"
            : bytes[0] != Version ? $"a store's description has version {Version}, and this {bytes[0]}: client and pager are of different versions"
            : bytes[1] is < (byte)StoreKind.Memory or > (byte)StoreKind.User ? $"there is no store of kind {bytes[1]}"
            : "";
        if (reason.Length != 0)
        {
            return false;
        }

        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        int limit = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]);
        StoreSpec read = new((StoreKind)bytes[1], length) { AllowsBuffered = flags == BufferedFlag, Level = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]), TimeLimitMs = limit };
        ReadOnlySpan<byte> rest = bytes[FixedBytes..];
        reason = (flags & ~BufferedFlag) != 0 ? $"a store's description has flags 0x{flags:x} that are none"
            : limit <= 0 ? $"a store's time limit of {limit} ms is none"
            : length == 0 || length % PageStore.PageBytes != 0 || length > long.MaxValue ? $"a store of {length} bytes has no whole pages of {PageStore.PageBytes}"
            : !TryReadText(ref rest, out string path) || !TryReadText(ref rest, out string type) || !TryReadText(ref rest, out string argument) ? "a store's description ends within a text, or has one that is no UTF-8"
            : !TryReadFailures(rest, out StoreFailure[] failures) ? "a store's description does not end where it should"
            : Take(read with { Path = path, TypeName = type, Argument = argument, Failures = failures }, out spec);
        return reason.Length == 0;
    }

    private static string Take(StoreSpec read, out StoreSpec? spec)
    {
        spec = read;
        return "";
    }

    private static int Count(string text) => s_text.GetByteCount(text);

    private static bool TryReadText(ref ReadOnlySpan<byte> bytes, out string text)
    {
        text = "";
        int length = bytes.Length < sizeof(ushort) ? int.MaxValue : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        if (length > bytes.Length - sizeof(ushort))
        {
            return false;
        }

        try
        {
            text = s_text.GetString(bytes.Slice(sizeof(ushort), length));
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        bytes = bytes[(sizeof(ushort) + length)..];
        return true;
    }

    private static bool TryReadFailures(ReadOnlySpan<byte> bytes, out StoreFailure[] failures)
    {
        failures = [];
        if (bytes.Length == 0 || bytes[0] > MostFailures || bytes.Length != 1 + (bytes[0] * FailureBytes))
        {
            return false;
        }

        failures = new StoreFailure[bytes[0]];
        bytes = bytes[1..];
        foreach (ref StoreFailure failure in failures.AsSpan())
        {
            (int errno, int delay) = (BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[5..]));
            failure = new((StoreCall)bytes[0], BinaryPrimitives.ReadUInt64LittleEndian(bytes[9..]), BinaryPrimitives.ReadUInt64LittleEndian(bytes[17..]), (Errno)errno, delay);
            if (bytes[0] > (byte)StoreCall.Flush || errno is < 0 or > 4095 || delay < StoreFailure.ForEver)
            {
                return false;
            }

            bytes = bytes[FailureBytes..];
        }

        return true;
    }
}
