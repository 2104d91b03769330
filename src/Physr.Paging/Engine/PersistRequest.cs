// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Engine;

/// <summary>Writing back a range, as far as it has come: a page that another owns at the moment is come back to, so that no thread waits for it.</summary>
internal sealed class PersistRequest
{
    /// <summary>Asks for a range.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many.</param>
    public PersistRequest(ulong first, ulong count)
    {
        First = first;
        Next = first;
        Count = count;
    }

    /// <summary>The first page.</summary>
    public ulong First { get; }

    /// <summary>How many there are.</summary>
    public ulong Count { get; }

    /// <summary>The first page that was not looked at, or that has to be come back to.</summary>
    public ulong Next { get; set; }

    /// <summary>When that page was first found owned; 0 where it was not.</summary>
    public long BlockedSince { get; set; }

    /// <summary>The first error. Pages behind it are written all the same.</summary>
    public Errno Errno { get; private set; }

    /// <summary>What it was.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Notes an error, unless there was one before.</summary>
    public void Note(Errno errno, string reason)
    {
        if (Errno == Errno.None)
        {
            (Errno, Reason) = (errno, reason);
        }
    }
}
