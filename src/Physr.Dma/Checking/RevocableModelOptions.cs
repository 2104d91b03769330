// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Checking;

/// <summary>How large a <see cref="RevocableModel"/> is, and by which rules it plays.</summary>
public sealed record RevocableModelOptions
{
    /// <summary>The protocol.</summary>
    public RevocableRules Rules { get; init; } = RevocableRules.Shipped;

    /// <summary>The importers, one to <see cref="RevocableModel.MaxImporters"/>, in the order they are told.</summary>
    public IReadOnlyList<ImporterPolicy> Importers { get; init; } = [new()];

    /// <summary>How many times each importer may map, 1 to 3.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Threads that revoke, un-revoke and close, 1 or 2.</summary>
    public int Controllers { get; init; } = 1;

    /// <summary>How many operations each of those may do, 1 to 7; which, it chooses at each turn.</summary>
    public int Operations { get; init; } = 2;

    /// <summary>Whether a wait may be given up at any time; what was begun makes no promise then.</summary>
    public bool MayGiveUp { get; init; }

    /// <summary>Whether the buffer is made revoked.</summary>
    public bool IsRevokedAtFirst { get; init; }
}
