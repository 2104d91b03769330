// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>The same piece of each chunk of a row, by position: data from 0, then P, then Q.</summary>
internal interface IStripeColumns
{
    /// <summary>The bytes at a position; all are equally long.</summary>
    Span<byte> Column(int position);
}
