// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>The end of a call that went through a lane.</summary>
/// <param name="Token">The call's.</param>
/// <param name="Errno">How it ended: all of its bytes, or none that count.</param>
internal readonly record struct StoreCompletion(ulong Token, Errno Errno);
