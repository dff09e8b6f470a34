#pragma once

#include "diffusion/ops/rope.h"

#include <vector_types.h>

// A RopeTable, as kernels read it.
namespace longtake::diffusion {

// The angles of a RopeTable, [positions, pairs] cos and sin.
struct TableAngles {
    const float2 *time, *rows, *columns;
    int time_pairs, row_pairs, column_pairs;
    int width, tokens_per_frame;
    bool with_time;

    __device__ float2 of(int token, int pair) const {
        // One load, wherever a lane's pair is: lanes that branch would wait for each other's.
        const int frame = token / tokens_per_frame, within = token % tokens_per_frame;
        const int space = pair - time_pairs;
        const float2* from = columns + within % width * column_pairs + space - row_pairs;
        from = space < row_pairs ? rows + within / width * row_pairs + space : from;
        from = space < 0 ? time + frame * time_pairs + pair : from;
        const float2 turn = *from;
        return space < 0 && !with_time ? make_float2(1.F, 0.F) : turn;
    }
};

// Of no table: none turns.
inline TableAngles angles_of(const RopeTable* table, bool with_time) {
    if (table == nullptr) {
        return {};
    }
    const auto at = [](const Tensor& t) { return reinterpret_cast<const float2*>(t.raw()); };
    const RopeTable::OnDevice& tables = table->on_device();
    return {at(tables.time),
            at(tables.rows),
            at(tables.columns),
            static_cast<int>(table->axes().time),
            static_cast<int>(table->axes().height),
            static_cast<int>(table->axes().width),
            static_cast<int>(table->width()),
            static_cast<int>(table->tokens_per_frame()),
            with_time};
}

}  // namespace longtake::diffusion
