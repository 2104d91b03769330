// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>Reads a size, a rate or a time.</summary>
internal delegate bool QuantityParser(string text, out ulong value, out string? problem);
