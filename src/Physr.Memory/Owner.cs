// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Memory;

/// <summary>Who owns an address, and how far that holds.</summary>
/// <param name="Provider">The provider; <see cref="ProviderIndex.Ram"/> for RAM.</param>
/// <param name="RemainingBytes">Bytes from the address up to where the owner's bytes end or are interrupted by a range nested in them; at least 1.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Owner(ProviderIndex Provider, ulong RemainingBytes);
