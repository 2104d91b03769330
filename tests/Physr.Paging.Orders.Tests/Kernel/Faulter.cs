// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Orders.Tests;

/// <summary>A thread of the application that faulted, in the queue of its userfaultfd.</summary>
/// <param name="page">The page.</param>
/// <param name="kind">Why it faulted, at the moment when it did.</param>
/// <param name="isWrite">Whether it stores.</param>
internal sealed class Faulter(int page, FaultKind kind, bool isWrite)
{
    public int Page { get; } = page;

    public FaultKind Kind { get; } = kind;

    public bool IsWrite { get; } = isWrite;

    /// <summary>Whether the pager has read its event: it is not told again.</summary>
    public bool IsRead { get; set; }

    /// <summary>Whether it was woken, and has left the queue.</summary>
    public bool IsWoken { get; set; }
}
