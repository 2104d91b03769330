// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>A route as it was read.</summary>
/// <param name="Reader">Its keys and their places.</param>
/// <param name="Spec">Its properties.</param>
internal sealed record RouteDraft(MappingReader Reader, RouteSpec Spec);
