// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

/// <summary>What one medium may hold after a power cut, for a checker to recover from. It takes stores; they are forgotten when the checker returns.</summary>
/// <remarks><see cref="WritableAt"/> is empty. What it may store to is undone line by line, so a state costs what is stored to, not what the medium has.</remarks>
public sealed class CrashImage : PersistentMemory
{
    private readonly List<int> _saved = [];
    private readonly uint[] _savedIn;
    private byte[] _old = new byte[64 * LineBytes];
    private uint _check = 1;

    internal CrashImage(TracedMedia medium)
        : base(medium.Name, medium.Length, medium.Granularity)
    {
        Bytes = [.. medium.Durable];
        _savedIn = new uint[Bytes.Length / LineBytes];
    }

    internal byte[] Bytes { get; }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> ReadableAt(ulong offset, ulong length) =>
        offset >= Length ? default : Bytes.AsSpan((int)offset, (int)Math.Min(length, Length - offset));

    /// <inheritdoc/>
    public override Span<byte> WritableAt(ulong offset, ulong length) => default;

    /// <summary>Takes back what the checker stored.</summary>
    internal void Undo()
    {
        for (int i = 0; i < _saved.Count; i++)
        {
            _old.AsSpan(i * LineBytes, LineBytes).CopyTo(Bytes.AsSpan(_saved[i] * LineBytes));
        }

        _saved.Clear();
        Errors.Clear(0, Length);
        _check++;
    }

    /// <inheritdoc/>
    protected override void WriteCore(ulong offset, ReadOnlySpan<byte> source)
    {
        int last = (int)(offset + (ulong)source.Length - 1) / LineBytes;
        for (int line = (int)offset / LineBytes; line <= last; line++)
        {
            if (_savedIn[line] != _check)
            {
                Save(line);
            }
        }

        source.CopyTo(Bytes.AsSpan((int)offset));
    }

    private void Save(int line)
    {
        int at = _saved.Count * LineBytes;
        if (at == _old.Length)
        {
            Array.Resize(ref _old, 2 * at);
        }

        Bytes.AsSpan(line * LineBytes, LineBytes).CopyTo(_old.AsSpan(at));
        _savedIn[line] = _check;
        _saved.Add(line);
    }
}
