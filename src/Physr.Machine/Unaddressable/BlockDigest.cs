// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Security.Cryptography;

namespace Physr.Machine.Unaddressable;

/// <summary>The digest of blocks, made beside the run: while one is hashed the next is read.</summary>
internal sealed class BlockDigest(int blockBytes) : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[][] _blocks = [new byte[blockBytes], new byte[blockBytes]];
    private Task _under = Task.CompletedTask;
    private int _next;

    /// <summary>The block to fill next; the one before may still be read by whoever hashes it, and by the caller.</summary>
    public Span<byte> Next() => _blocks[_next];

    /// <summary>Appends it.</summary>
    public void Append()
    {
        _under.Wait();
        byte[] block = _blocks[_next];
        _under = Task.Run(() => _hash.AppendData(block));
        _next ^= 1;
    }

    /// <summary>The digest of all blocks, lower-case hexadecimal.</summary>
    public string Finish()
    {
        _under.Wait();
        return Convert.ToHexStringLower(_hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _under.Wait();
        _hash.Dispose();
    }
}
