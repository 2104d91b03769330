// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>An initiator as it was read.</summary>
/// <param name="Reader">Its keys and their places.</param>
/// <param name="Spec">Its properties.</param>
/// <param name="IsSound">Whether nothing is wrong with it alone.</param>
internal sealed record InitiatorDraft(MappingReader Reader, InitiatorSpec Spec, bool IsSound);
