// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;

namespace Physr.Paging.Client;

/// <summary>A message that the pager has not answered. It is kept whole: the pager that heard it may die, and the next is told again.</summary>
internal sealed class PendingRequest : IDisposable
{
    private readonly ManualResetEventSlim _answered = new(false);

    /// <summary>Remembers a message.</summary>
    /// <param name="message">Its bytes.</param>
    /// <param name="descriptors">What goes with it; the caller keeps them.</param>
    public PendingRequest(byte[] message, SafeFileHandle[] descriptors)
    {
        Message = message;
        Descriptors = descriptors;
    }

    /// <summary>The message.</summary>
    public byte[] Message { get; }

    /// <summary>What goes with it.</summary>
    public SafeFileHandle[] Descriptors { get; }

    /// <summary>How it ended.</summary>
    public Errno Errno { get; private set; }

    /// <summary>The answer's value.</summary>
    public ulong Value { get; private set; }

    /// <summary>The answer's reason.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Notes the answer.</summary>
    public void Answer(Errno errno, ulong value, string reason)
    {
        (Errno, Value, Reason) = (errno, value, reason);
        _answered.Set();
    }

    /// <summary>Waits for the answer.</summary>
    public bool Wait(TimeSpan timeout) => _answered.Wait(timeout);

    /// <inheritdoc/>
    public void Dispose() => _answered.Dispose();
}
