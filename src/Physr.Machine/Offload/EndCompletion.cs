// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Offload;

/// <summary>One finished command at one end of a transfer.</summary>
/// <param name="Tag">The staging slot it was started with.</param>
/// <param name="Error">What went wrong, or null.</param>
internal readonly record struct EndCompletion(int Tag, string? Error);
