// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Security.Cryptography;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Offload;

/// <summary>Reads both ends of a finished transfer past the devices and compares every byte; the digest is of what arrived.</summary>
internal sealed class TransferCheck : IDisposable
{
    private const int Piece = 1 << 20;

    private readonly IncrementalHash _route = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _source = new byte[Piece];
    private readonly byte[] _arrived = new byte[Piece];

    /// <summary>Compares and digests one transfer.</summary>
    /// <returns>Whether all bytes are equal, and their digest.</returns>
    public (bool Verified, string Sha256) Check(TransferSpec transfer, ITransferEnd from, ITransferEnd to)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        bool verified = true;
        for (ulong done = 0; done < transfer.LengthBytes;)
        {
            int length = (int)Math.Min(Piece, transfer.LengthBytes - done);
            Span<byte> source = _source.AsSpan(0, length);
            Span<byte> arrived = _arrived.AsSpan(0, length);
            from.Inspect(transfer.FromOffset + done, source);
            to.Inspect(transfer.ToOffset + done, arrived);
            verified &= source.SequenceEqual(arrived);
            hash.AppendData(arrived);
            done += (ulong)length;
        }

        byte[] digest = hash.GetHashAndReset();
        _route.AppendData(digest);
        return (verified, Convert.ToHexStringLower(digest));
    }

    /// <summary>The digest over the digests of all transfers checked so far, in order.</summary>
    public string RouteDigest() => Convert.ToHexStringLower(_route.GetCurrentHash());

    public void Dispose() => _route.Dispose();
}
