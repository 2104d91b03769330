// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>One run of addresses and its value, as the inside of a map passes it about.</summary>
/// <param name="Start">The first byte.</param>
/// <param name="End">One past the last byte.</param>
/// <param name="Value">The value.</param>
/// <typeparam name="T">The type of the value.</typeparam>
internal readonly record struct Segment<T>(ulong Start, ulong End, T Value);
