// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Checking;

/// <summary>One atomic step that somebody can take.</summary>
/// <typeparam name="TState">The model's state.</typeparam>
/// <param name="Action">Which, by the model's own count.</param>
/// <param name="Next">The state after it.</param>
public readonly record struct StateStep<TState>(int Action, TState Next)
    where TState : struct, IEquatable<TState>;
