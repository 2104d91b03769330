// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

/// <summary>Recovers from one state and says what is wrong with it.</summary>
/// <remarks>It may go by the bytes and by what was marked before the cut, by nothing else: a state that came up under the same marks already is not shown again. Where
/// recovery is cut too (<see cref="CrashOptions.NestEvery"/>), it must store nothing but what recovery stores.</remarks>
/// <param name="point">Where the power went.</param>
/// <param name="media">What the media hold, in the order of <see cref="StoreTrace.Media"/>. What is stored is forgotten afterwards.</param>
/// <returns>Null when all is well.</returns>
public delegate string? CrashCheck(CrashPoint point, IReadOnlyList<PersistentMemory> media);
